import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from '../errors/registry-error.ts';
import type { CommandLine, Measurement } from './contestant.ts';
import { readReapedCpuMs, watchPeak } from './process-usage.node.ts';

export interface ProcessOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** How a process ended: with what it took, or with why it is no measurement. */
export type ProcessOutcome =
  | { readonly kind: 'ended'; readonly measurement: Measurement; readonly stdout: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** A process that is asked to end gets this long before it is ended. */
const graceMs = 1000;
/** What a process leaves behind may keep its output open: it is not waited for. */
const outputMs = 500;
const maxOutputLength = 16 * 1024;
const toldLines = 4;

/**
 * Runs a program to its end, in a group of its own (Ctrl-C reaches only this process, which then ends the group). No other process may be started and waited for meanwhile: its
 * processor time would count.
 * @throws RegistryError `aborted`, after the group has ended
 */
export async function measureProcess([program, ...args]: CommandLine, options: ProcessOptions): Promise<ProcessOutcome> {
  const { environment, signal, timeoutMs } = options;
  throwIfAborted(signal);
  const cpuBeforeMs = readReapedCpuMs();
  const startedAtMs = performance.now();
  const child = spawn(program, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const closed = once(child, 'close').catch(() => undefined);
  if (child.pid === undefined) return { kind: 'failed', reason: await explainNoStart(child) };
  const peak = watchPeak(child.pid);
  const timeout = AbortSignal.timeout(timeoutMs);
  const stopped = AbortSignal.any([signal, timeout]);
  const stop = (): void => endGroup(child);
  stopped.addEventListener('abort', stop, { once: true });
  const [code, signalName] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  const wallMs = performance.now() - startedAtMs;
  const cpuAfterMs = readReapedCpuMs();
  stopped.removeEventListener('abort', stop);
  const peakBytes = peak.stop();
  await Promise.race([closed, sleep(outputMs, undefined, { ref: false })]);
  throwIfAborted(signal);
  if (timeout.aborted) return { kind: 'failed', reason: `it was still running after ${Math.round(timeoutMs / 1000)} s` };
  if (code !== 0) return { kind: 'failed', reason: `it ended with ${signalName ?? `code ${code}`}${tell(stderr(), stdout())}` };
  const cpuMs = cpuBeforeMs === undefined || cpuAfterMs === undefined ? undefined : cpuAfterMs - cpuBeforeMs;
  return { kind: 'ended', measurement: { wallMs, cpuMs, peakBytes }, stdout: stdout() };
}

async function explainNoStart(child: ChildProcess): Promise<string> {
  const [error] = (await once(child, 'error')) as [Error];
  return `it cannot be started: ${error.message}`;
}

/** Asks all of the group to end, and ends what has not after a second. */
function endGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  child.once('exit', () => {
    clearTimeout(timer);
    signalGroup(child, 'SIGKILL');
  });
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(name);
    else process.kill(-child.pid, name);
  } catch {
    // All of it has ended.
  }
}

/** Keeps the end of what a process says. */
function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-maxOutputLength);
  });
  return () => text;
}

/** The last lines of what it said, without control characters, in one line. */
function tell(...texts: readonly string[]): string {
  const said = texts.map((text) => text.trim()).find((text) => text !== '');
  if (said === undefined) return '';
  const lines = said.split('\n').slice(-toldLines);
  return `: ${lines
    .join(' ')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .slice(-600)}`;
}
