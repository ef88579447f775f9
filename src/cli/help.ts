import type { CommandInfo } from './command.ts';
import type { CommandEntry } from './commands.ts';
import { type Flag, type FlagGroup, type Flags, globalFlags } from './flags.ts';
import { formatTerms, wrap } from './wrap.ts';

const width = 80;
const groups: readonly FlagGroup[] = ['What to copy', 'Where', 'Transfer', 'Options', 'Output'];

/** What `bucketry --help` shows. */
export function formatMainHelp(commands: Readonly<Record<string, CommandEntry>>): string {
  return [
    'bucketry: any bucket is a container registry',
    'Usage: bucketry COMMAND [FLAGS] ARGUMENTS',
    `Commands:\n${formatTerms(
      Object.entries(commands).map(([name, { summary }]) => [name, summary]),
      width,
    )}`,
    `Flags of every command:\n${formatFlags(globalFlags)}`,
    'bucketry --version shows the version.',
    '"bucketry COMMAND --help" explains a command. Begin with "bucketry demo".',
  ].join('\n\n');
}

/** What `bucketry COMMAND --help` shows. */
export function formatCommandHelp(command: CommandInfo): string {
  const args = Object.values(command.arguments).map((argument) => [argument.value, plain(argument.doc)] as const);
  return [
    `Usage: ${formatUsage(command)}`,
    ...command.doc.map((paragraph) => wrap(plain(paragraph), width).join('\n')),
    ...(args.length === 0 ? [] : [`Arguments:\n${formatTerms(args, width)}`]),
    ...groupFlags({ ...command.flags, ...globalFlags }).map(({ group, flags }) => `${group}:\n${formatFlags(flags)}`),
    ...(command.examples.length === 0 ? [] : [`Examples:\n${command.examples.map((line) => `  ${line}`).join('\n')}`]),
  ].join('\n\n');
}

/** `bucketry push [FLAGS] SOURCE DEST`. */
export function formatUsage(command: CommandInfo): string {
  const args = Object.values(command.arguments).map(({ value, required }) => (required ? value : `[${value}]`));
  return ['bucketry', command.name, '[FLAGS]', ...args].join(' ');
}

/** Flags under their headings, in the order of help. */
export function groupFlags(flags: Flags): readonly { readonly group: FlagGroup; readonly flags: Flags }[] {
  return groups
    .map((group) => ({ group, flags: Object.fromEntries(Object.entries(flags).filter(([, flag]) => (flag.group ?? 'Options') === group)) }))
    .filter(({ flags }) => Object.keys(flags).length > 0);
}

/** `-q, --quiet`, `--listen HOST:PORT`. */
export function formatFlagName(name: string, flag: Flag): string {
  return `${flag.short === undefined ? '' : `-${flag.short}, `}--${name}${flag.kind === 'switch' ? '' : ` ${flag.value}`}`;
}

/** The documentation of a flag with what its data says: choices, default, environment, repetition. */
export function formatFlagDoc(flag: Flag): string {
  const notes: string[] = [];
  if (flag.kind === 'list') notes.push('may be repeated');
  if (flag.kind === 'integer') notes.push(`${flag.range[0]} to ${flag.range[1]}`, `default: ${flag.default}`);
  if (flag.kind === 'text') {
    if (flag.choices) notes.push(`one of: ${flag.choices.join(', ')}`);
    if (flag.default !== undefined) notes.push(`default: ${flag.default}`);
    if (flag.env !== undefined) notes.push(`environment: ${flag.env}`);
  }
  return notes.length === 0 ? flag.doc : `${flag.doc} [${notes.join('; ')}]`;
}

function formatFlags(flags: Flags): string {
  return formatTerms(
    Object.entries(flags).map(([name, flag]) => {
      const label = formatFlagName(name, flag);
      return [flag.short === undefined ? `    ${label}` : label, plain(formatFlagDoc(flag))];
    }),
    width,
  );
}

/** Markdown's code marks are of no use in a terminal. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
