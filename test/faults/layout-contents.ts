import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { digestOf } from './stored-objects.ts';

/*
 * Checks of an image layout in a folder, for the fault table; without code of src, as in stored-objects.ts.
 */

/** The files of a folder, by their names within it. */
export type LayoutContents = ReadonlyMap<string, Buffer>;

/** Reads a folder whole. */
export async function readLayout(folder: string): Promise<LayoutContents> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(paths.toSorted().map(async (path) => [relative(folder, path), await readFile(path)] as const)));
}

/** What would mislead a reader of the layout: blobs with other bytes than their names say, refs that lead to nothing, files that are no part of a layout. */
export function findWrongFiles(files: LayoutContents): string[] {
  const wrong: string[] = [];
  for (const [name, bytes] of files) {
    const digest = /^blobs\/(sha256)\/([0-9a-f]{64})$/.exec(name)?.slice(1).join(':');
    if (digest !== undefined && digestOf(bytes) !== digest) wrong.push(`${name}: holds other bytes than its name says`);
    if (digest === undefined && !['oci-layout', 'index.json'].includes(name)) wrong.push(`${name}: is no file of a layout`);
  }
  const roots = readRoots(files);
  return [...wrong, ...roots.flatMap((root) => findMissing(files, root))];
}

interface Node {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

/** The bytes of `index.json`, where the refs stand. */
export function readRefs(files: LayoutContents): string {
  return files.get('index.json')?.toString() ?? '';
}

function readRoots(files: LayoutContents): readonly Node[] {
  const refs = readRefs(files);
  return refs === '' ? [] : (JSON.parse(refs) as { readonly manifests: readonly Node[] }).manifests;
}

function findMissing(files: LayoutContents, { digest, size, mediaType }: Node): string[] {
  const bytes = files.get(`blobs/${digest.replace(':', '/')}`);
  if (bytes?.length !== size)
    return [`index.json leads to ${digest}, which is ${bytes ? `of ${bytes.length} bytes, not ${size}` : 'missing'}`];
  if (!/\.(manifest|index)\.v1\+json$/.test(mediaType)) return [];
  const body = JSON.parse(bytes.toString()) as { config?: Node; layers?: Node[]; manifests?: Node[] };
  return [...(body.config ? [body.config] : []), ...(body.layers ?? []), ...(body.manifests ?? [])].flatMap((child) =>
    findMissing(files, child),
  );
}
