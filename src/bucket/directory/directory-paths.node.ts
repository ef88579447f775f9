import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ObjectKey } from '../object-key.ts';
import { digestKey, internalFolder, spreadKey, type Spelling, spellKey } from './spell-key.ts';

/** Where everything of a directory bucket lies; see `docs/directory-bucket.md` for the tree. All are absolute paths. */
export interface DirectoryPaths {
  /** Without symbolic links in it. */
  readonly root: string;
  readonly spelling: Spelling;
  readonly format: string;
  readonly headersFolder: string;
  readonly pendingFolder: string;
  readonly elsewhereFolder: string;
  readonly typesFolder: string;
  readonly locksFolder: string;
  readonly temporaryFolder: string;
  readonly uploadsFolder: string;
  /** Uploads that are being completed: out of reach for more parts. */
  readonly completingFolder: string;
  /** The key's own path; undefined where it can have none. */
  plain(key: ObjectKey): string | undefined;
  /** Where a key's bytes lie when its own path is taken by a folder or a file, or it has none. */
  elsewhere(key: ObjectKey): string;
  /** The record of an object's headers. */
  headers(key: ObjectKey): string;
  /** The record of a change under way. */
  pending(key: ObjectKey): string;
  lock(key: ObjectKey): string;
  /** The link by which a file server finds an object of this content type; undefined where there is none. */
  typed(contentType: string | undefined, key: ObjectKey): string | undefined;
  /** A new name for a file that is being written. */
  temporary(): string;
}

/** The content types that get a link: those that can be a path, except the one that file servers assume. */
const linkableType = /^(?!application\/octet-stream$)[a-z0-9][a-z0-9.+-]*\/[a-z0-9][a-z0-9.+-]*$/;

/** Lays out a root. */
export function createDirectoryPaths(root: string, spelling: Spelling): DirectoryPaths {
  const internal = join(root, internalFolder);
  const folder = (name: string): string => join(internal, name);
  const spread = (name: string, key: ObjectKey, suffix = ''): string => join(internal, name, spreadKey(key) + suffix);
  const plain = (key: ObjectKey): string | undefined => {
    const path = spellKey(key, spelling);
    return path === undefined ? undefined : join(root, path);
  };
  return {
    root,
    spelling,
    format: folder('format.json'),
    headersFolder: folder('headers'),
    pendingFolder: folder('pending'),
    elsewhereFolder: folder('elsewhere'),
    typesFolder: folder('types'),
    locksFolder: folder('locks'),
    temporaryFolder: folder('temporary'),
    uploadsFolder: folder('uploads'),
    completingFolder: folder('completing'),
    plain,
    elsewhere: (key) => spread('elsewhere', key),
    headers: (key) => spread('headers', key, '.json'),
    pending: (key) => join(folder('pending'), `${digestKey(key)}.json`),
    lock: (key) => join(folder('locks'), digestKey(key)),
    typed(contentType, key) {
      const path = spellKey(key, spelling);
      if (path === undefined || contentType === undefined || !linkableType.test(contentType)) return undefined;
      return join(folder('types'), contentType, path);
    },
    temporary: () => join(folder('temporary'), randomBytes(16).toString('hex')),
  };
}
