import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrno, unless } from './directory-error.node.ts';
import { recoverKey, type WriterContext } from './object-writer.node.ts';
import { readChange } from './object-record.node.ts';

/** How old, in milliseconds, what a crash left behind must be before it is removed: somebody may still be at work. */
export interface Grace {
  /** Files being written, and uploads being completed. */
  readonly temporaryMs: number;
  /** Unfinished uploads, counted from their last part: as a lifecycle rule of an object store. */
  readonly uploadMs: number;
}

/** No lock is held for so long, whatever the grace. */
const longestLockMs = 60_000;

/** Ends changes that their writers could not, and removes what is left over and old. Where the bucket cannot be written it does nothing. */
export async function recoverBucket(context: WriterContext, grace: Grace): Promise<void> {
  const { paths, clock } = context;
  try {
    await recoverChanges(context, grace);
    await removeOld(paths.temporaryFolder, clock.now() - grace.temporaryMs);
    await removeOld(paths.completingFolder, clock.now() - grace.temporaryMs);
    await removeOld(paths.locksFolder, clock.now() - Math.max(grace.temporaryMs, longestLockMs));
    await removeOld(paths.uploadsFolder, clock.now() - grace.uploadMs);
  } catch (error) {
    if (!hasErrno(error, 'EROFS', 'EACCES', 'EPERM')) throw error;
  }
}

async function recoverChanges(context: WriterContext, grace: Grace): Promise<void> {
  const { pendingFolder } = context.paths;
  for (const name of (await unless(readdir(pendingFolder), 'ENOENT')) ?? []) {
    const change = await readChange(join(pendingFolder, name));
    if (change) await recoverKey(context, change.record.key);
    else await removeIfOld(join(pendingFolder, name), context.clock.now() - grace.temporaryMs);
  }
}

async function removeOld(folder: string, beforeMs: number): Promise<void> {
  for (const name of (await unless(readdir(folder), 'ENOENT')) ?? []) await removeIfOld(join(folder, name), beforeMs);
}

async function removeIfOld(path: string, beforeMs: number): Promise<void> {
  const stats = await unless(stat(path), 'ENOENT');
  if (stats && stats.mtimeMs < beforeMs) await rm(path, { recursive: true, force: true });
}
