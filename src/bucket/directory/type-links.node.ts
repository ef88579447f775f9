import { copyFile, link, lstat, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObjectKey } from '../object-key.ts';
import { hasErrno, unless } from './directory-error.node.ts';
import type { DirectoryPaths } from './directory-paths.node.ts';
import { removeEmptyFolders } from './durable-file.node.ts';
import { isRecordOf, type ObjectRecord } from './object-record.node.ts';

/**
 * Keeps, beside an object whose content type is not the one that file servers assume, a hard link to its bytes below a folder named for the type. The new type's link
 * is there before the old one's goes, and each holds the bytes of its own version, so a server never sends bytes under a wrong type.
 */
export async function renewTypeLink(paths: DirectoryPaths, record: ObjectRecord, before: ObjectRecord | undefined): Promise<void> {
  const { key } = record;
  const [oldLink, newLink] = [paths.typed(before?.contentType, key), paths.typed(record.contentType, key)];
  const bytes = await locate(paths, key, record);
  if (newLink !== undefined && bytes !== undefined) {
    const temporary = paths.temporary();
    // Where the file system has no hard links the bytes are there twice; they are small (manifests, lists).
    await link(bytes, temporary).catch(() => copyFile(bytes, temporary));
    await replaceLink(temporary, newLink);
    // Renaming one link of a file onto another of the same file does nothing at all.
    await rm(temporary, { force: true });
  }
  if (before !== undefined && oldLink !== newLink) await removeTypeLink(paths, before);
}

/** Removes the link that an object of this record has, if it has one. */
export async function removeTypeLink(paths: DirectoryPaths, record: ObjectRecord): Promise<void> {
  const typed = paths.typed(record.contentType, record.key);
  if (typed === undefined) return;
  await rm(typed, { force: true });
  await removeEmptyFolders(dirname(typed), paths.typesFolder);
}

async function replaceLink(from: string, to: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      return;
    } catch (error) {
      // Folders left by keys that are gone, or removed by a neighbour just now.
      if (hasErrno(error, 'EISDIR', 'ENOTEMPTY')) await unless(rmdir(to), 'ENOENT', 'ENOTDIR');
      else if (!hasErrno(error, 'ENOENT')) throw error;
    }
  }
}

/** Where the bytes of this very version lie, if at their own path; objects elsewhere get no link. */
async function locate(paths: DirectoryPaths, key: ObjectKey, record: ObjectRecord): Promise<string | undefined> {
  const plain = paths.plain(key);
  const stats = plain === undefined ? undefined : await unless(lstat(plain), 'ENOENT', 'ENOTDIR');
  return stats?.isFile() === true && isRecordOf(record, stats) ? plain : undefined;
}
