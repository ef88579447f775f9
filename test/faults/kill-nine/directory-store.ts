import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { StoredObject } from '../stored-objects.ts';
import type { KillStore } from './kill-store.ts';

/*
 * Reads a directory bucket as docs/directory-bucket.md describes it, with no code of ours: an object is the file at its key's path, with the record of its size and time of change.
 */

interface FileRecord {
  readonly key: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const leftoverFolders = ['temporary', 'completing', 'uploads', 'pending', 'locks'];

/** The directory bucket `bucket` in a folder. */
export function openDirectoryStore(folder: string): KillStore {
  const root = join(folder, 'bucket');
  const internal = join(root, '.directory-bucket');
  return {
    name: 'directory',
    place: `file:${root}`,
    separator: '//',
    environment: {},
    partsAtRisk: 0,
    readObjects: () => readDirectory(root),
    async readUploads(key) {
      const names = await listNames(join(internal, 'uploads'));
      const own = names.filter((name) => name.startsWith(`${digestOf(key)}-`));
      return Promise.all(
        own.map(async (name) => {
          const records = (await listNames(join(internal, 'uploads', name))).filter((file) => /^\d+\.json$/.test(file));
          return Promise.all(
            records.map(async (file) => {
              const { size } = JSON.parse(await readFile(join(internal, 'uploads', name, file), 'utf8')) as { readonly size: number };
              return { partNumber: Number.parseInt(file, 10), size };
            }),
          );
        }),
      );
    },
    async readLeftovers() {
      const found = await Promise.all(
        leftoverFolders.map(async (name) => (await listNames(join(internal, name))).map((file) => `${name}/${file}`)),
      );
      return found.flat();
    },
    clear: () => rm(root, { recursive: true, force: true }),
  };
}

async function readDirectory(root: string): Promise<StoredObject[]> {
  const internal = join(root, '.directory-bucket');
  const records = new Map<string, FileRecord[]>();
  for (const path of [...(await listFiles(join(internal, 'headers'))), ...(await listFiles(join(internal, 'pending')))]) {
    const record = await readRecord(path);
    if (record) records.set(record.key, [...(records.get(record.key) ?? []), record]);
  }
  const objects = await Promise.all([...records].map(([key, versions]) => readObject(root, key, versions)));
  const files = [...(await listFiles(join(root, 'v2'))), ...(await listFiles(join(root, '_bucketry')))];
  const strange = files.map((path) => relative(root, path)).filter((key) => !records.has(key));
  if (strange.length > 0) throw new Error(`files without a record: ${strange.join(', ')}`);
  return objects.flatMap((object) => (object ? [object] : []));
}

/** Undefined for what a crash has cut. */
async function readRecord(path: string): Promise<FileRecord | undefined> {
  try {
    const json = JSON.parse(await readFile(path, 'utf8')) as FileRecord & { readonly kind?: string; readonly record?: FileRecord };
    return json.record ?? json;
  } catch {
    return undefined;
  }
}

async function readObject(root: string, key: string, versions: readonly FileRecord[]): Promise<StoredObject | undefined> {
  const digest = digestOf(key);
  const path = key.endsWith('/') ? join(root, '.directory-bucket', 'elsewhere', digest.slice(0, 2), digest) : join(root, key);
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return undefined;
  const record = versions.find(({ size, mtimeMs }) => size === stats.size && mtimeMs === Math.round(stats.mtimeMs));
  if (!record) throw new Error(`${key}: no record fits its file of ${stats.size} bytes`);
  const metadata = Object.entries(record.metadata ?? {}).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  const headers = Object.fromEntries([
    ...(record.contentType === undefined ? [] : [['content-type', record.contentType]]),
    ...(record.cacheControl === undefined ? [] : [['cache-control', record.cacheControl]]),
    ...metadata,
  ]) as Record<string, string>;
  return { key, bytes: await readFile(path), headers };
}

function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

async function listNames(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
