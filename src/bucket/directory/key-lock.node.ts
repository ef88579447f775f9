import { randomBytes } from 'node:crypto';
import { readFile, readlink, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { BucketError } from '../../errors/bucket-error.ts';
import { systemClock } from '../../streams/clock.ts';
import { hasErrno, unless } from './directory-error.node.ts';

/**
 * A lock that processes share through a file, which whoever creates it holds (`O_EXCL`).
 *
 * A holder that died leaves its file behind. It is broken when its process no longer runs, where that can be told (same host, same process namespace), else when it is
 * older than any lock is ever held. To break one lock twice would free the next holder's: so a breaker first takes a second lock (`.break`), looks again whether the file is
 * still the one it judged, and only then removes it. Every file names its holder by a random number, so a new holder's is never taken for the old one's.
 */

/** Locks are held for some renames, never while bytes are on their way: for milliseconds. */
const staleAfterMs = 60_000;
/** A holder's process number that runs may by now be another process. */
const staleWhileRunningAfterMs = 600_000;
const giveUpAfterMs = 90_000;

interface Holder {
  readonly host: string;
  readonly pid: number;
  readonly nonce: string;
}

/**
 * Runs `work` while holding the lock of `path`.
 * @param what named in the error
 * @throws BucketError `write-conflict` when it is not to be had within 90 s
 */
export async function withKeyLock<T>(path: string, what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const text = JSON.stringify({ host: await describeHost(), pid: process.pid, nonce: randomBytes(8).toString('hex') } satisfies Holder);
  await acquire(path, text, what, signal);
  try {
    return await work();
  } finally {
    // Not ours any more where another thought us dead: then it is the other's to remove.
    if ((await unless(readFile(path, 'utf8'), 'ENOENT')) === text) await unless(unlink(path), 'ENOENT');
  }
}

async function acquire(path: string, text: string, what: string, signal: AbortSignal | undefined): Promise<void> {
  const startedMs = systemClock.now();
  for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, 32)) {
    if (await createExclusively(path, text)) return;
    if (await breakIfStale(path)) continue;
    if (systemClock.now() - startedMs > giveUpAfterMs) {
      throw new BucketError(
        'write-conflict',
        `Cannot write ${what}: another process has held its lock "${path}" for ${giveUpAfterMs / 1000} s`,
      );
    }
    await systemClock.sleep(delayMs * (0.5 + systemClock.random()), signal);
  }
}

async function createExclusively(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    // Windows says EPERM while a file of that name is still being removed.
    if (hasErrno(error, 'EEXIST') || (process.platform === 'win32' && hasErrno(error, 'EPERM'))) return false;
    throw error;
  }
}

/** Removes a dead holder's lock. Returns whether it is worth trying at once. */
async function breakIfStale(path: string): Promise<boolean> {
  const judged = await readLock(path);
  if (!judged) return true;
  if (!(await isStale(judged))) return false;
  const guard = `${path}.break`;
  if (!(await createExclusively(guard, ''))) {
    const age = await unless(stat(guard), 'ENOENT');
    if (age && systemClock.now() - age.mtimeMs > staleAfterMs) await rm(guard, { force: true });
    return false;
  }
  try {
    if ((await readLock(path))?.text === judged.text) await unless(unlink(path), 'ENOENT');
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

interface FoundLock {
  readonly text: string;
  readonly createdMs: number;
}

async function readLock(path: string): Promise<FoundLock | undefined> {
  const info = await unless(stat(path), 'ENOENT');
  const text = info && (await unless(readFile(path, 'utf8'), 'ENOENT'));
  return info && text !== undefined ? { text, createdMs: info.mtimeMs } : undefined;
}

async function isStale({ text, createdMs }: FoundLock): Promise<boolean> {
  const ageMs = systemClock.now() - createdMs;
  const holder = parseHolder(text);
  // An empty file: its writer is between creating and writing it, or died there.
  if (!holder || holder.host !== (await describeHost())) return ageMs > staleAfterMs;
  return isRunning(holder.pid) ? ageMs > staleWhileRunningAfterMs : true;
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string'
      ? { host: holder.host, pid: holder.pid, nonce: '' }
      : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !hasErrno(error, 'ESRCH');
  }
}

let described: Promise<string> | undefined;

/** Names the place where a process number means one process: a host and, where there are such, its process namespace (two containers may share a host's name). */
function describeHost(): Promise<string> {
  described ??= readlink('/proc/self/ns/pid').then(
    (namespace) => `${hostname()} ${namespace}`,
    () => hostname(),
  );
  return described;
}
