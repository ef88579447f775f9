import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rename, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasErrno, unless } from './directory-error.node.ts';

/** Whether what was written is forced to the disk before it counts as written. */
export interface Durability {
  /** Power may fail at any time: fsync files and folders. Off only where losing the bucket costs nothing, as in tests. */
  readonly fsync: boolean;
}

/** Writes all of a chunk, at a place or after what was written before. */
export async function writeFully(handle: FileHandle, chunk: Uint8Array, position?: number): Promise<void> {
  for (let written = 0; written < chunk.byteLength;) {
    const place = position === undefined ? null : position + written;
    written += (await handle.write(chunk, written, chunk.byteLength - written, place)).bytesWritten;
  }
}

/** Makes the names in a folder survive a power failure. */
export async function syncFolder(folder: string, { fsync }: Durability): Promise<void> {
  // Windows cannot open a folder to flush it, and needs not.
  if (!fsync || process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a small text so that a crash leaves it whole, or cut off where a reader sees that, but never the old one's place empty. */
export async function writeText(path: string, text: string, durability: Durability): Promise<void> {
  const handle = await openInFolder(path, 'w');
  try {
    await handle.writeFile(text);
    if (durability.fsync) await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path), durability);
}

/** A small text; undefined where there is no such file. */
export function readText(path: string): Promise<string | undefined> {
  return unless(readFile(path, 'utf8'), 'ENOENT', 'ENOTDIR');
}

/** Opens a file for writing, making its folder first where it is missing. */
async function openInFolder(path: string, flags: string): Promise<FileHandle> {
  const handle = await unless(open(path, flags), 'ENOENT');
  if (handle) return handle;
  await mkdir(dirname(path), { recursive: true });
  return open(path, flags);
}

/** Renames a file into a folder that may have to be made first. */
export async function renameIntoFolder(from: string, to: string, durability: Durability): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
  }
  await syncFolder(dirname(to), durability);
}

/** Removes folders that have become empty, from `folder` up to but without `top`. */
export async function removeEmptyFolders(folder: string, top: string): Promise<void> {
  for (let current = folder; current !== top && current.startsWith(top); current = dirname(current)) {
    try {
      await rmdir(current);
    } catch (error) {
      // Not empty, gone already, or somebody else's: all of it is fine, an empty folder is no object.
      if (!hasErrno(error, 'ENOENT')) return;
    }
  }
}
