import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
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

/** How often to look again when a file and its record are of different versions: a writer is between the two, which takes it microseconds. */
const looks = 4;

/**
 * Opens the object of a key and finds the record of this version: the one that stands, or that of a change under way (its writer may have died between the bytes and the
 * record). A file and a record that do not fit are a writer's work in between: look again.
 * @throws BucketError `access-denied` where a symbolic link lies on the way
 */
export async function findObject(paths: DirectoryPaths, key: ObjectKey): Promise<FoundObject | undefined> {
  for (let look = 1; ; look++) {
    const file = await openObjectFile(paths, key);
    if (!file) return undefined;
    try {
      const record = await findRecord(paths, key, file, look === looks);
      if (record) return { path: file.path, handle: file.handle, record };
      await file.handle.close();
    } catch (error) {
      await file.handle.close();
      throw error;
    }
  }
}

interface ObjectFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly stats: Stats;
}

async function findRecord(paths: DirectoryPaths, key: ObjectKey, file: ObjectFile, lastLook: boolean): Promise<ObjectRecord | undefined> {
  const standing = (await readChange(paths.headers(key)))?.record;
  if (standing && isRecordOf(standing, file.stats)) return standing;
  const pending = await readChange(paths.pending(key));
  if (pending?.kind === 'put' && isRecordOf(pending.record, file.stats)) return pending.record;
  if (!lastLook) return undefined;
  if (standing && (await isRecordOfBytes(standing, file.path, file.stats))) return { ...standing, mtimeMs: mtimeOf(file.stats) };
  return recordOfStranger(key, file.stats);
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
