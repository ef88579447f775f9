import { text } from 'node:stream/consumers';
import type { CommandLine } from './namespace.ts';
import { withHosts } from './namespace.ts';
import { spawnGroup } from './process-group.ts';
import type { ProcessGroupOptions } from './process-group.ts';

const DEFAULT_TIMEOUT_MS = 60_000;

/** How a command ended. A code other than 0 is a result, not an error: what a client refuses is what tests look at. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions extends ProcessGroupOptions {
  /** What stands on its standard input; empty by default. */
  readonly input?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Names that resolve to 127.0.0.1 for this command (as root only). */
  readonly hosts?: readonly string[] | undefined;
}

/** Runs a command to its end. Throws where it cannot start, is aborted, or takes longer than `timeoutMs` (60 s). */
export async function runCommand(command: CommandLine, options: CommandOptions = {}): Promise<CommandResult> {
  const { input = '', timeoutMs = DEFAULT_TIMEOUT_MS, signal, hosts = [] } = options;
  signal?.throwIfAborted();
  const group = await spawnGroup(withHosts(hosts, command), options);
  let reason: unknown;
  const kill = (why: unknown): void => {
    reason ??= why;
    group.signal('SIGKILL');
  };
  const onAbort = (): void => {
    kill(signal?.reason);
  };
  if (signal?.aborted === true) onAbort(); // while it was starting
  signal?.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => {
    kill(new Error(`still running after ${timeoutMs} ms`));
  }, timeoutMs);
  group.endInput(input);
  try {
    const [code, stdout, stderr] = await Promise.all([group.ended, text(group.stdout), text(group.stderr)]);
    if (reason !== undefined) {
      const said = lastLines(`${stdout}\n${stderr}`);
      throw new Error(`Cannot finish "${command.join(' ')}": ${said}`, { cause: reason });
    }
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

/** The end of what a program said, for an error's message. */
export function lastLines(output: string, count = 15): string {
  const lines = output.trimEnd().split('\n');
  return lines.slice(-count).join('\n').trim() || '(it said nothing)';
}
