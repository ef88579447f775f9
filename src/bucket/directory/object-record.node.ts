import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { createHasher } from '../../streams/hasher.ts';
import type { ETag, ObjectHeaders, ObjectInfo } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { readText } from './durable-file.node.ts';

/**
 * What is kept of an object beside its bytes, as JSON. Size and time of change say to which version of the file it belongs: a writer makes the time of each version of a
 * key later than that of the one before.
 */
export interface ObjectRecord extends ObjectHeaders {
  readonly key: ObjectKey;
  readonly size: number;
  /** The file's time of change in whole milliseconds since 1970, UTC. */
  readonly mtimeMs: number;
  readonly etag: ETag;
}

/** A change to an object, as it stands in `pending` while it is made; that of a put then becomes the object's record in `headers`. */
export interface ObjectChange {
  readonly kind: 'put' | 'delete';
  /** What is put, or was deleted. */
  readonly record: ObjectRecord;
}

/** A file's time of change as records hold it: file systems keep fractions that we did not ask for. */
export function mtimeOf(stats: Stats): number {
  return Math.round(stats.mtimeMs);
}

/** Whether a record is of this version of the file. */
export function isRecordOf(record: ObjectRecord, stats: Stats): boolean {
  return record.size === stats.size && record.mtimeMs === mtimeOf(stats);
}

/** The change in a file; undefined where there is none, or it was cut off by a crash. */
export async function readChange(path: string): Promise<ObjectChange | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ObjectChange;
  } catch {
    return undefined;
  }
}

/** ETags of whole puts are the SHA-256 of the bytes: 64 digits, so that nobody takes them for an MD5. */
export function formatETag(digest: string, partCount?: number): ETag {
  return partCount === undefined ? `"${digest}"` : `"${digest}-${partCount}"`;
}

/** The largest file that is read to see whether a record is its. */
const maxRehashBytes = 8 * 2 ** 20;

/**
 * Finds out whether a record belongs to an open file whose time of change is another: one that was copied or restored from a backup without its times. Small files are
 * compared by their digest; of large ones the size must do (they are blobs, whose headers do not change). The handle is what is read, since the path may name another version by
 * now.
 */
export async function isRecordOfBytes(record: ObjectRecord, handle: FileHandle, stats: Stats): Promise<boolean> {
  if (record.size !== stats.size) return false;
  if (stats.size > maxRehashBytes || record.etag.includes('-')) return true;
  const hasher = createHasher('sha256');
  for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hasher.update(chunk as Uint8Array);
  return formatETag(hasher.hex()) === record.etag;
}

/** The record for a file that nobody recorded: put there by other means. Its ETag is of its size and time of change. */
export function recordOfStranger(key: ObjectKey, stats: Stats): ObjectRecord {
  const mtimeMs = mtimeOf(stats);
  return { key, size: stats.size, mtimeMs, etag: `"file-${stats.size.toString(16)}-${mtimeMs.toString(16)}"` };
}

/** What is told of an object to whoever asks. */
export function describeRecord(record: ObjectRecord): ObjectInfo {
  return {
    key: record.key,
    size: record.size,
    etag: record.etag,
    lastModified: new Date(record.mtimeMs),
    contentType: record.contentType,
    cacheControl: record.cacheControl,
    metadata: { ...record.metadata },
  };
}
