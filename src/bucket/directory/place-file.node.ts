import { lstat, mkdir, rename, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObjectKey } from '../object-key.ts';
import { hasErrno, unless } from './directory-error.node.ts';
import type { DirectoryPaths } from './directory-paths.node.ts';
import { type Durability, renameIntoFolder, syncFolder } from './durable-file.node.ts';
import { linkRefused, refuseLinks } from './object-finder.node.ts';

/** Renames a file to where the key's bytes belong: where they lie already, else its own path, else elsewhere. */
export async function placeFile(paths: DirectoryPaths, key: ObjectKey, from: string, durability: Durability): Promise<void> {
  const plain = paths.plain(key);
  const isElsewhere = (await unless(lstat(paths.elsewhere(key)), 'ENOENT')) !== undefined;
  if (plain !== undefined && !isElsewhere) {
    // Other keys' writers make and remove folders meanwhile.
    for (let attempt = 0; attempt < 20; attempt++) {
      const placed = await tryPlace(from, plain, paths.root);
      if (placed === 'in the way') break;
      if (placed === 'placed') return syncFolder(dirname(plain), durability);
    }
  }
  return renameIntoFolder(from, paths.elsewhere(key), durability);
}

async function tryPlace(from: string, to: string, root: string): Promise<'placed' | 'in the way' | 'again'> {
  await refuseLinksAbove(dirname(to), root);
  if ((await unless(lstat(to), 'ENOENT', 'ENOTDIR'))?.isSymbolicLink() === true) throw linkRefused(to, root);
  try {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    return 'placed';
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return 'again';
    if (hasErrno(error, 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG')) return 'in the way';
    if (!hasErrno(error, 'EISDIR', 'ENOTEMPTY', 'EPERM')) throw error;
    // A folder stands there: an empty one makes room.
    const removed = await unless(
      rmdir(to).then(() => true),
      'ENOTEMPTY',
      'EEXIST',
      'ENOENT',
      'ENOTDIR',
    );
    if (removed === true) return 'again';
    if ((await unless(lstat(to), 'ENOENT'))?.isDirectory() === true) return 'in the way';
    throw error;
  }
}

/** As `refuseLinks`, for a folder that may not be there yet: its nearest ancestor that is must be no link. */
async function refuseLinksAbove(folder: string, root: string): Promise<void> {
  for (let current = folder; current.length > root.length; current = dirname(current)) {
    if ((await unless(lstat(current), 'ENOENT', 'ENOTDIR')) !== undefined) return refuseLinks(current, root);
  }
}
