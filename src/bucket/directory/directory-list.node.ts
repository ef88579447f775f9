import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from '../../errors/registry-error.ts';
import type { ListedEntry, ListOptions } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { unless } from './directory-error.node.ts';
import type { DirectoryPaths } from './directory-paths.node.ts';
import { mtimeOf, readChange } from './object-record.node.ts';
import { internalFolder, readSpelledName } from './spell-key.ts';

/**
 * Lists objects in the order of the UTF-8 bytes of their keys: what lies at its own path by walking folder after folder, what lies elsewhere (a few) beside it. Only the
 * folders are read that can hold what is asked for, one at a time. ETags are left out: they would cost reading a record each.
 */
export async function* listDirectory(paths: DirectoryPaths, options: ListOptions): AsyncGenerator<ListedEntry> {
  const query: ListQuery = { prefix: options.prefix ?? '', startAfter: options.startAfter, folds: options.delimiter !== undefined };
  const elsewhere = await listElsewhere(paths, query);
  let last = '';
  for await (const entry of mergeSorted(walkFolder(paths, paths.root, '', query), elsewhere)) {
    throwIfAborted(options.signal);
    // A folder and objects elsewhere may fold into the same prefix.
    if (entry.kind === 'prefix' && entry.prefix === last) continue;
    last = nameOf(entry);
    yield entry;
  }
}

interface ListQuery {
  readonly prefix: string;
  readonly startAfter: string | undefined;
  /** Whether what follows the prefix is folded at its first `/`. */
  readonly folds: boolean;
}

interface Child {
  readonly path: string;
  /** A key, or the beginning of keys with its `/`. */
  readonly name: string;
  readonly isFolder: boolean;
}

/** How many files are looked at side by side. */
const batchSize = 64;

async function* walkFolder(paths: DirectoryPaths, folder: string, keyPrefix: string, query: ListQuery): AsyncGenerator<ListedEntry> {
  const children = await readChildren(paths, folder, keyPrefix, query);
  for (let at = 0; at < children.length; at += batchSize) {
    const batch = children.slice(at, at + batchSize);
    const entries = await Promise.all(batch.map(inspectFile));
    for (const [index, child] of batch.entries()) {
      const entry = entries[index];
      if (entry) yield entry;
      else if (child.isFolder) yield* listFolder(paths, child, query);
    }
  }
}

async function* listFolder(paths: DirectoryPaths, { path, name }: Child, query: ListQuery): AsyncGenerator<ListedEntry> {
  const below = walkFolder(paths, path, name, query);
  if (!query.folds || !name.startsWith(query.prefix) || name === query.prefix) {
    yield* below;
    return;
  }
  // A folder without objects is no prefix.
  for await (const _ of walkFolder(paths, path, name, { ...query, folds: false })) {
    yield { kind: 'prefix', prefix: name };
    return;
  }
}

async function readChildren(paths: DirectoryPaths, folder: string, keyPrefix: string, query: ListQuery): Promise<Child[]> {
  const found = (await unless(readdir(folder, { withFileTypes: true }), 'ENOENT', 'ENOTDIR')) ?? [];
  return found
    .flatMap((entry) => toChild(paths, entry, keyPrefix) ?? [])
    .filter((child) => (child.isFolder ? mayHold(child.name, query) : isAskedFor(child.name, query)))
    .sort((left, right) => compareBytes(left.name, right.name));
}

/** Links, pipes and our own folder are no objects, and hold none. */
function toChild(paths: DirectoryPaths, entry: Dirent, keyPrefix: string): Child | undefined {
  const segment = readSpelledName(entry.name, paths.spelling);
  if (segment === undefined || !(entry.isFile() || entry.isDirectory())) return undefined;
  if (keyPrefix === '' && entry.name === internalFolder) return undefined;
  const isFolder = entry.isDirectory();
  return { path: join(entry.parentPath, entry.name), name: keyPrefix + segment + (isFolder ? '/' : ''), isFolder };
}

async function inspectFile({ path, name, isFolder }: Child): Promise<ListedEntry | undefined> {
  if (isFolder) return undefined;
  const stats = await unless(lstat(path), 'ENOENT', 'ENOTDIR');
  if (stats?.isFile() !== true) return undefined;
  return { kind: 'object', key: name as ObjectKey, size: stats.size, etag: undefined, lastModified: new Date(mtimeOf(stats)) };
}

async function listElsewhere(paths: DirectoryPaths, query: ListQuery): Promise<ListedEntry[]> {
  const files = (await unless(readdir(paths.elsewhereFolder, { recursive: true, withFileTypes: true }), 'ENOENT')) ?? [];
  const entries: ListedEntry[] = [];
  for (const file of files.filter((entry) => entry.isFile())) {
    const key = await readKeyOf(paths, file.name);
    if (key === undefined || !isAskedFor(key, query)) continue;
    const entry = await inspectFile({ path: join(file.parentPath, file.name), name: key, isFolder: false });
    const fold = query.folds ? key.indexOf('/', query.prefix.length) : -1;
    if (entry) entries.push(fold < 0 ? entry : { kind: 'prefix', prefix: key.slice(0, fold + 1) });
  }
  return entries.sort((left, right) => compareBytes(nameOf(left), nameOf(right)));
}

/** The key that a file elsewhere belongs to: its name is only the key's digest, its record has the key. */
async function readKeyOf(paths: DirectoryPaths, digest: string): Promise<ObjectKey | undefined> {
  const record = await readChange(join(paths.headersFolder, digest.slice(0, 2), `${digest}.json`));
  return (record ?? (await readChange(join(paths.pendingFolder, `${digest}.json`))))?.record.key;
}

function isAskedFor(key: string, { prefix, startAfter }: ListQuery): boolean {
  return key.startsWith(prefix) && (startAfter === undefined || compareBytes(key, startAfter) > 0);
}

/** Whether keys below this folder may be asked for. */
function mayHold(folder: string, { prefix, startAfter }: ListQuery): boolean {
  if (!folder.startsWith(prefix) && !prefix.startsWith(folder)) return false;
  return startAfter === undefined || startAfter.startsWith(folder) || compareBytes(folder, startAfter) > 0;
}

async function* mergeSorted(walked: AsyncIterable<ListedEntry>, elsewhere: readonly ListedEntry[]): AsyncGenerator<ListedEntry> {
  let next = 0;
  for await (const entry of walked) {
    for (let other = elsewhere[next]; other && compareBytes(nameOf(other), nameOf(entry)) < 0; other = elsewhere[++next]) yield other;
    yield entry;
  }
  yield* elsewhere.slice(next);
}

function nameOf(entry: ListedEntry): string {
  return entry.kind === 'object' ? entry.key : entry.prefix;
}

function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
