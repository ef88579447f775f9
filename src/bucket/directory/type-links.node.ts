import { copyFile, link, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../streams/clock.ts';
import { hasErrno, unless } from './directory-error.node.ts';
import type { DirectoryPaths } from './directory-paths.node.ts';
import { removeEmptyFolders } from './durable-file.node.ts';
import type { ObjectRecord } from './object-record.node.ts';

/*
 * A file server knows a file's type only from its path. So beside an object whose content type is not the one that servers assume lies a hard link to its bytes, below a folder
 * that is named for the type; each link holds the bytes of its own version, so no server can send bytes under another version's type.
 *
 * A server looks below one type after the other, which takes it a moment. When an object changes its type (a tag that moves from an image to an index) the new link is there before
 * the old one goes, and the old one stays for `overlapMs` more: whoever began to look before the change still finds the old version, as if it had asked a little earlier.
 */

/** Far longer than a file server needs from its first look to opening the file, and short for a writer, of whom few ever wait. */
const overlapMs = 100;

/** Links bytes under the type of their record, over the link that is there, before they become the object. */
export async function linkType(paths: DirectoryPaths, record: ObjectRecord, bytes: string): Promise<void> {
  const typed = paths.typed(record.contentType, record.key);
  if (typed === undefined) return;
  const temporary = paths.temporary();
  try {
    // Where the file system has no hard links the bytes are there twice; they are small (manifests, lists).
    await link(bytes, temporary).catch(() => copyFile(bytes, temporary));
    await replaceLink(temporary, typed);
  } finally {
    // Renaming one link of a file onto another of the same file does nothing at all.
    await rm(temporary, { force: true });
  }
}

/** Removes the link of the version before, if it is another one. */
export async function retireTypeLink(paths: DirectoryPaths, before: ObjectRecord, after: ObjectRecord, clock: Clock): Promise<void> {
  const old = paths.typed(before.contentType, before.key);
  if (old === undefined || old === paths.typed(after.contentType, after.key)) return;
  await clock.sleep(overlapMs);
  await removeTypeLink(paths, before);
}

/** Removes the link that an object of this record has, if it has one. */
export async function removeTypeLink(paths: DirectoryPaths, record: ObjectRecord): Promise<void> {
  const typed = paths.typed(record.contentType, record.key);
  if (typed === undefined) return;
  await unless(rm(typed, { force: true }), 'ENOTDIR', 'EISDIR', 'ERR_FS_EISDIR');
  await removeEmptyFolders(dirname(typed), paths.typesFolder);
}

async function replaceLink(from: string, to: string): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      await mkdir(dirname(to), { recursive: true });
      await rename(from, to);
      return;
    } catch (error) {
      // A key that is another's folder cannot have its link beside the other's, and does without: `serve --static` knows its type all the same.
      if (hasErrno(error, 'ENOTDIR', 'EEXIST')) return;
      if (hasErrno(error, 'EISDIR', 'ENOTEMPTY')) {
        const made = await unless(
          rmdir(to).then(() => true),
          'ENOTEMPTY',
          'EEXIST',
          'ENOENT',
          'ENOTDIR',
        );
        if (made !== true) return;
      } else if (!hasErrno(error, 'ENOENT')) {
        throw error;
      }
    }
  }
}
