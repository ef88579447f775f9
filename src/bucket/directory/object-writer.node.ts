import { open, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Clock } from '../../streams/clock.ts';
import type { ETag, ObjectHeaders, WriteCondition } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { checkWriteCondition } from '../write-condition.ts';
import { errnoOf, unless } from './directory-error.node.ts';
import type { DirectoryPaths } from './directory-paths.node.ts';
import { type Durability, removeEmptyFolders, renameIntoFolder, syncFolder, writeText } from './durable-file.node.ts';
import { withKeyLock } from './key-lock.node.ts';
import { findObject } from './object-finder.node.ts';
import { type ObjectChange, type ObjectRecord, readChange } from './object-record.node.ts';
import { placeFile } from './place-file.node.ts';
import { linkType, removeTypeLink, retireTypeLink } from './type-links.node.ts';

/** What writing needs to know of its bucket. */
export interface WriterContext {
  readonly paths: DirectoryPaths;
  readonly durability: Durability;
  readonly clock: Clock;
}

/** Bytes that are whole and flushed, under a temporary name, waiting to become an object. */
export interface FinishedFile extends ObjectHeaders {
  readonly path: string;
  readonly size: number;
  readonly etag: ETag;
  /** Its time of change in whole milliseconds since 1970, UTC, set already. */
  readonly mtimeMs: number;
}

/*
 * A put. Objects: the key's file F (its bytes), its record R in `headers/`, its change P in `pending/`, its link T in `types/`.
 *
 *   under the key's lock:
 *   0. finish what a writer before left in P
 *   1. check the condition against F and R
 *   2. write P: the record of the new version, which its size and time of change tell from the old
 *   3. link the new bytes as T, for file servers (see `type-links`)
 *   4. rename the new bytes onto F       <- the one moment at which the object changes
 *   5. remove the T of another type, if there was one; rename P onto R
 *
 * A reader opens F, then takes R or P, whichever is of the version that is open; so it never sees the bytes of one version with the headers of another. A crash before 4
 * leaves the old object and a P that does not fit it, after 4 the new object and a P that does; both are put right by the next writer of the key, or when the bucket is opened.
 * (Between 3 and 4 a file server is ahead by one whole, right version, which a crash makes undone there too.)
 * A delete is the same with P saying so, 4 removing F, and 5 removing T, R and P.
 */

/**
 * Makes a finished file the object of a key; the file is gone afterwards only on success.
 * @throws BucketError `precondition-failed`, `access-denied`, …
 */
export async function commitFile(
  context: WriterContext,
  key: ObjectKey,
  file: FinishedFile,
  condition: WriteCondition,
  signal?: AbortSignal,
): Promise<void> {
  const { paths, durability } = context;
  await lockKey(context, key, signal, async () => {
    await finishPending(context, key);
    const found = await inspectObject(paths, key);
    checkWriteCondition(key, condition, found?.etag);
    const mtimeMs = Math.max(file.mtimeMs, (found?.mtimeMs ?? 0) + 1);
    if (mtimeMs !== file.mtimeMs) await setTimeOfChange(file.path, mtimeMs, durability);
    const { contentType, cacheControl, metadata } = file;
    const record: ObjectRecord = { key, size: file.size, mtimeMs, etag: file.etag, contentType, cacheControl, metadata };
    await writePending(context, { kind: 'put', record });
    try {
      await linkType(paths, record, file.path);
      await placeFile(paths, key, file.path, durability);
    } catch (error) {
      await finishPending(context, key);
      throw error;
    }
    await settleLater(settlePut(context, record, found));
  });
}

/** Removes an object; one that is not there is no error. */
export async function removeObject(context: WriterContext, key: ObjectKey, signal?: AbortSignal): Promise<void> {
  await lockKey(context, key, signal, async () => {
    await finishPending(context, key);
    const found = await findObject(context.paths, key);
    if (!found) return;
    await found.handle.close();
    await writePending(context, { kind: 'delete', record: found.record });
    await unlink(found.path);
    // Whoever deleted the folder's other files at the same time may have removed it already.
    await unless(syncFolder(dirname(found.path), context.durability), 'ENOENT');
    await settleLater(settleDelete(context, found.record));
  });
}

/** Ends the change that a writer of this key left unfinished, as far as it came. */
export function recoverKey(context: WriterContext, key: ObjectKey): Promise<void> {
  return lockKey(context, key, undefined, () => finishPending(context, key));
}

function lockKey(context: WriterContext, key: ObjectKey, signal: AbortSignal | undefined, work: () => Promise<void>): Promise<void> {
  return withKeyLock(context.paths.lock(key), `"${key}"`, work, signal);
}

async function finishPending(context: WriterContext, key: ObjectKey): Promise<void> {
  const { paths } = context;
  const pending = await readChange(paths.pending(key));
  if (!pending) return;
  const found = await findObject(paths, key);
  await found?.handle.close();
  if (pending.kind === 'put' && found?.record.mtimeMs === pending.record.mtimeMs && found.record.size === pending.record.size) {
    await settlePut(context, pending.record, (await readChange(paths.headers(key)))?.record);
  } else if (pending.kind === 'delete' && !found) {
    await settleDelete(context, pending.record);
  } else {
    if (pending.kind === 'put') await removeTypeLink(paths, pending.record);
    if (found) await linkType(paths, found.record, found.path);
    await rm(paths.pending(key), { force: true });
  }
}

function writePending({ paths, durability }: WriterContext, change: ObjectChange): Promise<void> {
  return writeText(paths.pending(change.record.key), JSON.stringify(change), durability);
}

/** The object has changed already, so a failure from here on is none of the write's: the change stays pending, readers know it, and the next writer ends it. */
async function settleLater(settling: Promise<void>): Promise<void> {
  try {
    await settling;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}

async function settlePut(context: WriterContext, record: ObjectRecord, before: ObjectRecord | undefined): Promise<void> {
  const { paths } = context;
  if (before) await retireTypeLink(paths, before, record, context.clock);
  // If a power failure undoes this rename, the change is found pending again.
  await renameIntoFolder(paths.pending(record.key), paths.headers(record.key), { fsync: false });
}

async function settleDelete({ paths }: WriterContext, record: ObjectRecord): Promise<void> {
  await removeTypeLink(paths, record);
  await rm(paths.headers(record.key), { force: true });
  await rm(paths.pending(record.key), { force: true });
  const plain = paths.plain(record.key);
  if (plain !== undefined) await removeEmptyFolders(dirname(plain), paths.root);
}

/** The record of what is there, for a condition. */
async function inspectObject(paths: DirectoryPaths, key: ObjectKey): Promise<ObjectRecord | undefined> {
  const found = await findObject(paths, key);
  await found?.handle.close();
  return found?.record;
}

/** Gives a file that is to become an object its time of change, and flushes it. */
export async function setTimeOfChange(path: string, mtimeMs: number, { fsync }: Durability): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.utimes(new Date(mtimeMs), new Date(mtimeMs));
    if (fsync) await handle.sync();
  } finally {
    await handle.close();
  }
}
