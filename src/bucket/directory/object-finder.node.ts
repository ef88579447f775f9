import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { systemClock } from '../../streams/clock.ts';
import { BucketError } from '../../errors/bucket-error.ts';
import type { ObjectKey } from '../object-key.ts';
import { hasErrno, unless } from './directory-error.node.ts';
import type { DirectoryPaths } from './directory-paths.node.ts';
import { isRecordOf, isRecordOfBytes, mtimeOf, type ObjectRecord, readChange, recordOfStranger } from './object-record.node.ts';

/** An object's file, open, with the record of the very version that is open. Who gets it closes it. */
export interface FoundObject {
  readonly path: string;
  readonly handle: FileHandle;
  readonly record: ObjectRecord;
}

/** How often to look while files and records change under our eyes, and how long to leave the writers alone in between. */
const maxLooks = 50;
const betweenLooksMs = 2;

/**
 * Opens the object of a key and finds the record of this version: the one that stands, or that of a change under way (its writer may have died between the bytes and the
 * record). A file and records that do not fit are a writer's work in between: look again. Where a second look finds the very same, there is no writer, and the file came there
 * by other means.
 * @throws BucketError `access-denied` where a symbolic link lies on the way
 */
export async function findObject(paths: DirectoryPaths, key: ObjectKey): Promise<FoundObject | undefined> {
  let before: string | undefined;
  for (let look = 1; ; look++) {
    const file = await openObjectFile(paths, key);
    if (!file) return undefined;
    const { path, handle, stats } = file;
    try {
      const { fitting, others } = await readRecords(paths, key, stats);
      const seen = JSON.stringify([stats.ino, stats.size, stats.mtimeMs, others]);
      const isLastLook = seen === before || look === maxLooks;
      const record = fitting ?? (isLastLook ? await adoptFile(key, file, others[0]) : undefined);
      if (record) return { path, handle, record };
      before = seen;
      await handle.close();
    } catch (error) {
      await handle.close();
      throw error;
    }
    if (look > 1) await systemClock.sleep(betweenLooksMs * systemClock.random());
  }
}

/** What is recorded of a key: the record that fits a file, else those that do not (the one that stands, that of a put under way). */
interface Records {
  readonly fitting?: ObjectRecord | undefined;
  readonly others: readonly (ObjectRecord | undefined)[];
}

async function readRecords(paths: DirectoryPaths, key: ObjectKey, stats: Stats): Promise<Records> {
  const standing = (await readChange(paths.headers(key)))?.record;
  if (standing && isRecordOf(standing, stats)) return { fitting: standing, others: [] };
  const change = await readChange(paths.pending(key));
  const pending = change?.kind === 'put' ? change.record : undefined;
  if (pending && isRecordOf(pending, stats)) return { fitting: pending, others: [] };
  return { others: [standing, pending] };
}

/** The record for a file that no writer of ours left so. */
async function adoptFile(key: ObjectKey, { handle, stats }: ObjectFile, standing: ObjectRecord | undefined): Promise<ObjectRecord> {
  if (standing && (await isRecordOfBytes(standing, handle, stats))) return { ...standing, mtimeMs: mtimeOf(stats) };
  return recordOfStranger(key, stats);
}

interface ObjectFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly stats: Stats;
}

async function openObjectFile(paths: DirectoryPaths, key: ObjectKey): Promise<ObjectFile | undefined> {
  const plain = paths.plain(key);
  return (plain === undefined ? undefined : await openFile(plain, paths)) ?? (await openFile(paths.elsewhere(key), paths));
}

/** Opens a regular file below the root; undefined where there is none. */
async function openFile(path: string, paths: DirectoryPaths): Promise<ObjectFile | undefined> {
  // Never through a link at the end of the path, and without waiting for the other end of a pipe.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  let handle: FileHandle | undefined;
  try {
    handle = await unless(open(path, flags), 'ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG', 'ENXIO');
  } catch (error) {
    if (hasErrno(error, 'ELOOP')) throw linkRefused(path, paths.root);
    throw error;
  }
  if (!handle) return undefined;
  try {
    const stats = await handle.stat();
    if (stats.isFile()) {
      await refuseLinks(dirname(path), paths.root);
      return { path, handle, stats };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

/**
 * Refuses a folder below the root that is reached through a symbolic link, so that no key leads out of the bucket.
 * @throws BucketError `access-denied`
 */
export async function refuseLinks(folder: string, root: string): Promise<void> {
  const real = await unless(realpath(folder), 'ENOENT', 'ENOTDIR');
  if (real !== undefined && real !== folder) throw linkRefused(folder, root);
}

/** The error for a path with a symbolic link in it. */
export function linkRefused(path: string, root: string): BucketError {
  return new BucketError(
    'access-denied',
    `Cannot use "${relative(root, path)}" in the bucket "${root}": it leads through a symbolic link`,
    {
      hint: 'A directory bucket follows no links below its root; replace the link by what it points to.',
    },
  );
}
