import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandLine } from './namespace.ts';
import { spawnGroup } from './process-group.ts';
import type { ProcessGroup, ProcessGroupOptions } from './process-group.ts';
import { lastLines } from './run-command.ts';

const READY_TIMEOUT_MS = 20_000;
const POLL_MS = 25;
const STOP_GRACE_MS = 10_000;
const KEPT_OUTPUT_CHARS = 64 * 1024;

export interface ServerOptions extends ProcessGroupOptions {
  readonly command: CommandLine;
  /** Asked again and again until it is true; what it throws counts as "not yet". */
  readonly isReady: (signal: AbortSignal) => Promise<boolean>;
  readonly readyTimeoutMs?: number | undefined;
  /** How long it may take to stop before it is killed; 10 s by default. */
  readonly stopGraceMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ServerProcess {
  readonly pid: number;
  /** The last 64 Ki characters it wrote to both outputs. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

/** Starts a server and waits until it answers. Throws with its last lines where it ends or stays silent for 20 s. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  options.signal?.throwIfAborted();
  const { stopGraceMs = STOP_GRACE_MS } = options;
  const group = await spawnGroup(options.command, options);
  const output = collectOutput([group.stdout, group.stderr]);
  try {
    await waitUntilReady(group, options);
  } catch (error) {
    await group.stop(stopGraceMs);
    const said = lastLines(output());
    throw new Error(`Cannot start "${options.command.join(' ')}": ${said}`, { cause: error });
  }
  return { pid: group.pid, output, stop: () => group.stop(stopGraceMs) };
}

async function waitUntilReady(group: ProcessGroup, options: ServerOptions): Promise<void> {
  const timeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  const over = new AbortController();
  const abortAtEnd = async (): Promise<void> => {
    over.abort(new Error(`it ended with code ${await group.ended}`));
  };
  void abortAtEnd();
  const late = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([over.signal, late, options.signal].filter((each) => each !== undefined));
  while (!(await options.isReady(signal).catch(() => false))) {
    signal.throwIfAborted();
    await sleep(POLL_MS);
  }
  signal.throwIfAborted();
}

/** Reads on, so that a full pipe never stops the server, and keeps the end. */
function collectOutput(streams: readonly Readable[]): () => string {
  let kept = '';
  for (const stream of streams) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      kept = (kept + chunk).slice(-KEPT_OUTPUT_CHARS);
    });
  }
  return () => kept;
}
