import type { ETag, ObjectContent, ObjectHeaders, ObjectInfo } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';

/** One version of an object; never changed, only replaced. */
export interface MemoryObject extends ObjectHeaders {
  readonly bytes: Uint8Array;
  readonly etag: ETag;
  readonly lastModifiedMs: number;
}

/** What is told of an object to whoever asks. */
export function describeMemoryObject(key: ObjectKey, object: MemoryObject): ObjectInfo {
  return {
    key,
    size: object.bytes.byteLength,
    etag: object.etag,
    lastModified: new Date(object.lastModifiedMs),
    contentType: object.contentType,
    cacheControl: object.cacheControl,
    metadata: { ...object.metadata },
  };
}

/** The headers of a write and nothing else of its options. */
export function pickHeaders({ contentType, cacheControl, metadata }: ObjectHeaders): ObjectHeaders {
  return { contentType, cacheControl, metadata: { ...metadata } };
}

const chunkBytes = 65_536;

/** The bytes from `start` up to `end` as a body, in chunks as a network would give them. */
export async function* streamBytes(bytes: Uint8Array, start: number, end: number): ObjectContent['body'] {
  for (let at = start; at < end; at += chunkBytes) yield bytes.subarray(at, Math.min(at + chunkBytes, end));
}
