import { parseArgs, type ParseArgsConfig } from 'node:util';
import { RegistryError } from '../errors/registry-error.ts';
import type { Arguments, CommandInfo, CommandInput } from './command.ts';
import type { Environment } from './environment.ts';
import { type Flag, type Flags, globalFlags } from './flags.ts';
import { suggest } from './suggest.ts';

/** The words after a command's name, taken apart. */
export interface ParsedCommandLine extends CommandInput<Arguments, Flags> {
  /** Switches of every command that were given. */
  readonly globals: ReadonlySet<string>;
}

type Given = ReadonlyMap<string, readonly string[]>;

/**
 * Takes a command's words apart by its data. Flags not given fall back on their environment variable, then on their default.
 * @throws RegistryError `usage-invalid`, with the nearest known flag as a hint
 */
export function parseCommandLine(command: CommandInfo, words: readonly string[], environment: Environment): ParsedCommandLine {
  const known = new Map(Object.entries<Flag>({ ...command.flags, ...globalFlags }));
  const { given, positionals } = tokenize(command, known, words);
  const globals = new Set(Object.keys(globalFlags).filter((name) => given.has(name)));
  const args = globals.has('help') ? {} : readArguments(command, positionals);
  const flags = Object.fromEntries(
    Object.entries(command.flags).map(([name, flag]) => [name, readFlag(name, flag, given.get(name), environment)]),
  );
  return { args, flags, globals };
}

function tokenize(
  command: CommandInfo,
  known: ReadonlyMap<string, Flag>,
  words: readonly string[],
): { given: Given; positionals: readonly string[] } {
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, flag] of known) {
    const short = flag.short === undefined ? {} : { short: flag.short };
    options[name] = { type: flag.kind === 'switch' ? 'boolean' : 'string', multiple: true, ...short };
  }
  const { tokens } = parseArgs({ args: [...words], options, allowPositionals: true, strict: false, tokens: true });
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = known.get(token.name);
    if (!flag) throw unknownFlag(command, token.rawName, [...known.keys()]);
    if (flag.kind === 'switch' && token.value !== undefined) throw usage(`${token.rawName} takes no value`, command);
    // A value that looks like a flag is a forgotten value: `--output --json`.
    if (flag.kind !== 'switch' && (token.value === undefined || (!token.inlineValue && token.value.startsWith('--')))) {
      throw usage(`${token.rawName} needs a value: ${token.rawName} ${flag.value}`, command);
    }
    given.set(token.name, [...(given.get(token.name) ?? []), token.value ?? '']);
  }
  return { given, positionals };
}

function readArguments(command: CommandInfo, positionals: readonly string[]): Record<string, string | undefined> {
  const entries = Object.entries(command.arguments);
  const missing = entries.slice(positionals.length).find(([, argument]) => argument.required);
  if (missing) throw usage(`${missing[1].value} is missing`, command);
  const tooMany = positionals[entries.length];
  if (tooMany !== undefined) throw usage(`there is no place for ${JSON.stringify(tooMany)}`, command);
  return Object.fromEntries(entries.map(([name], index) => [name, positionals[index]]));
}

function readFlag(
  name: string,
  flag: Flag,
  given: readonly string[] | undefined,
  environment: Environment,
): boolean | number | string | readonly string[] | undefined {
  if (flag.kind === 'switch') return given !== undefined;
  if (flag.kind === 'list') return given === undefined ? [] : readList(name, given, flag.value);
  const text = given?.at(-1);
  if (flag.kind === 'integer') return text === undefined ? flag.default : readInteger(name, text, flag.range);
  const value = text ?? emptyAsAbsent(flag.env === undefined ? undefined : environment[flag.env]) ?? flag.default;
  if (value !== undefined && flag.choices && !flag.choices.includes(value)) {
    throw usage(`--${name} is ${JSON.stringify(value)}, wanted ${flag.choices.join(' or ')}`);
  }
  return value;
}

/** Values after one another and between commas. An empty one (of a variable that is not set) must not mean all. */
function readList(name: string, given: readonly string[], wanted: string): readonly string[] {
  const values = given.flatMap((value) => value.split(','));
  if (values.includes(''))
    throw usage(`--${name} is ${JSON.stringify(given.join(','))}, wanted ${wanted} or several with commas between them`);
  return values;
}

function readInteger(name: string, text: string, [least, most]: readonly [number, number]): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw usage(`--${name} is ${JSON.stringify(text)}, wanted a whole number from ${least} to ${most}`);
}

function emptyAsAbsent(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function unknownFlag(command: CommandInfo, rawName: string, known: readonly string[]): RegistryError {
  const nearest = suggest(rawName.replace(/^-+/, ''), known);
  const hint = nearest === undefined ? undefined : `Did you mean --${nearest}?`;
  return new RegistryError('usage-invalid', `Cannot run "bucketry ${command.name}": ${rawName} is not one of its flags`, {
    hint: [hint, `"bucketry ${command.name} --help" lists its flags.`].filter((part) => part !== undefined).join(' '),
  });
}

function usage(problem: string, command?: CommandInfo): RegistryError {
  if (!command) return new RegistryError('usage-invalid', `Cannot read the command line: ${problem}`);
  return new RegistryError('usage-invalid', `Cannot run "bucketry ${command.name}": ${problem}`, {
    hint: `"bucketry ${command.name} --help" shows how it is called.`,
  });
}
