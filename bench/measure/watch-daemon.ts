import { readFile, writeFile } from 'node:fs/promises';
import { findDescendants, readProcessMs } from './machine-load.ts';

/** What a daemon took while a command had it work. */
export interface DaemonShare {
  readonly cpuMs: number;
  /** The largest resident set of any one of its processes. */
  readonly peakBytes: number;
}

/** Begins to watch a daemon and all its processes. @returns a function that says what they took since */
export async function watchDaemon(pid: number): Promise<() => Promise<DaemonShare>> {
  const pids = await findDescendants(pid);
  await Promise.all(pids.map(forgetPeak));
  const before = await sum(pids, readProcessMs);
  return async () => ({
    cpuMs: (await sum(pids, readProcessMs)) - before,
    peakBytes: Math.max(...(await Promise.all(pids.map(readPeak)))),
  });
}

async function sum(pids: readonly number[], read: (pid: number) => Promise<number>): Promise<number> {
  const values = await Promise.all(pids.map(read));
  return values.reduce((total, value) => total + value, 0);
}

/** The kernel keeps the largest resident set since the process began, or since somebody wrote this (proc(5), `clear_refs`). */
async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => {});
}

async function readPeak(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
