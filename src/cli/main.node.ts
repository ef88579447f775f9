import { readFileSync } from 'node:fs';
import process from 'node:process';
import { hasCode } from '../errors/coded-error.ts';
import { abortError, RegistryError } from '../errors/registry-error.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';
import type { Environment } from './environment.ts';
import type { Flags, FlagValues } from './flags.ts';
import { formatCauses, formatError, reportError } from './format-error.ts';
import { formatCommandHelp, formatMainHelp } from './help.ts';
import { watchInterrupts } from './interrupt.node.ts';
import { createOutput } from './output/create-output.node.ts';
import type { Sink } from './output/output.ts';
import { showControls, spellControls } from './output/show-controls.ts';
import { tracePoints } from '../streams/trace-points.ts';
import { parseCommandLine } from './parse-command-line.node.ts';
import { quoteWord } from './quote-word.ts';
import { redact } from './redact.ts';
import { suggest } from './suggest.ts';

/** What a run of the command line is given; the process's own, or a test's. */
export interface World {
  /** The words after the program's name. */
  readonly words: readonly string[];
  readonly environment: Environment;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly signal: AbortSignal;
}

/** Runs the process's own command line, and leaves its exit code to Node. */
export async function runProcess(): Promise<void> {
  // A reader that has seen enough (`| head`) ends the run without a complaint.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  // Who does not read the progress wants the work done all the same.
  process.stderr.on('error', () => undefined);
  const interrupt = watchInterrupts();
  const { argv, env, stdout, stderr } = process;
  process.exitCode = await run({ words: argv.slice(2), environment: env, stdout, stderr, signal: interrupt.signal });
  interrupt.dispose();
}

/** Runs one command line. Never throws: what went wrong is written to standard error. @returns the exit code */
export async function run(world: World): Promise<number> {
  try {
    await dispatch(world);
    return 0;
  } catch (thrown) {
    const { words, stderr, environment, signal } = world;
    // What stopped us is the reason, by whatever of Node's errors it came back.
    const error = signal.aborted && !hasCode(thrown) ? abortError(signal) : thrown;
    const report = reportError(error);
    const parts = [words.includes('--json') ? spellControls(JSON.stringify(report)) : showControls(formatError(report))];
    if (words.includes('--debug')) parts.push(showControls(formatCauses(error)));
    stderr.write(`${redact(parts.join('\n'), environment)}\n`);
    return report.error.exitCode;
  }
}

async function dispatch(world: World): Promise<void> {
  const { words, environment, stdout, stderr, signal } = world;
  const position = words.findIndex((word) => !word.startsWith('-'));
  if (position === -1) return runWithoutCommand(world);
  const command = await loadCommand(words[position] ?? '');
  const { args, flags, globals } = parseCommandLine(command, words.toSpliced(position, 1), environment);
  if (globals.has('help')) return void stdout.write(`${formatCommandHelp(command)}\n`);
  const output = createOutput({ stdout, stderr, json: globals.has('json'), quiet: globals.has('quiet') });
  const commandLine = ['bucketry', ...words.map(quoteWord)].join(' ');
  const run = (): Promise<void> => command.run({ args, flags }, { environment, output, signal, commandLine });
  await runTraced(run, { command: command.name, traceFile: readTraceFlag(flags), note: (line) => output.note(line) }, world);
}

interface TracedRun {
  readonly command: string;
  readonly traceFile: string | undefined;
  readonly note: (line: string) => void;
}

/** Runs a command, with telemetry if the user wants any; where nobody does, not even its modules are loaded. */
async function runTraced(run: () => Promise<void>, { command, traceFile, note }: TracedRun, { environment, signal }: World): Promise<void> {
  if (traceFile === undefined && !Object.keys(environment).some((name) => name.startsWith('OTEL_'))) return run();
  const { openTelemetry } = await import('../runtime/open-telemetry.node.ts');
  const version = readVersion();
  const telemetry = await openTelemetry({ environment, traceFile, title: `bucketry ${command}`, version, signal, note });
  try {
    await tracePoints.command.run(run, () => ({ command }));
  } catch (error) {
    // Why the command failed is the error to tell
    await telemetry.close().catch(() => undefined);
    throw error;
  }
  await telemetry.close();
}

/** The file of `--trace`, which only commands that move much have. */
function readTraceFlag(flags: FlagValues<Flags>): string | undefined {
  const value = flags['trace'];
  return typeof value === 'string' ? value : undefined;
}

async function runWithoutCommand({ words, stdout, stderr }: World): Promise<void> {
  if (words.includes('--version')) return void stdout.write(`${readVersion()}\n`);
  if (words.includes('--help') || words.includes('-h')) return void stdout.write(`${formatMainHelp(commands)}\n`);
  const [unknown] = words;
  if (unknown === undefined) stderr.write(`${formatMainHelp(commands)}\n\n`);
  throw new RegistryError(
    'usage-invalid',
    unknown === undefined ? 'Cannot run: no command given' : `Cannot run: no command before ${unknown}`,
    {
      hint: '"bucketry --help" lists the commands.',
    },
  );
}

async function loadCommand(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry) return entry.load();
  const nearest = suggest(name, Object.keys(commands));
  throw new RegistryError('usage-invalid', `Cannot run ${JSON.stringify(name)}: there is no such command`, {
    hint: `${nearest === undefined ? '' : `Did you mean "${nearest}"? `}"bucketry --help" lists the commands.`,
  });
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
