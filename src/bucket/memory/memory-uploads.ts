import { BucketError } from '../../errors/bucket-error.ts';
import { throwIfAborted } from '../../errors/registry-error.ts';
import { type ByteSource, bytesSource } from '../../streams/byte-source.ts';
import { digestHex } from '../../streams/hasher.ts';
import { concatBytes } from '../../streams/read-all.ts';
import type { BucketAbilities, ETag, ObjectHeaders, WriteCondition } from '../bucket.ts';
import { resolveRange } from '../byte-range.ts';
import type { MultipartUploads, UploadedPart, UploadHandle } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';
import { receiveBody } from '../received-body.ts';
import { type MemoryObject, pickHeaders } from './memory-store.ts';

interface MemoryPart {
  readonly bytes: Uint8Array;
  readonly etag: ETag;
  readonly sha256: string | undefined;
}

interface MemoryUpload {
  readonly key: ObjectKey;
  readonly headers: ObjectHeaders;
  readonly initiatedMs: number;
  readonly parts: Map<number, MemoryPart>;
}

/** What the uploads need of the bucket around them. */
export interface UploadStore {
  readonly abilities: BucketAbilities;
  readonly tellsUploadsOfKeysOnly: boolean;
  now(): number;
  /** Makes an ETag of an MD5 and the number of parts, or whatever the bucket's quirks make of it. */
  makeETag(md5: string, partCount?: number): ETag;
  read(key: ObjectKey): MemoryObject | undefined;
  /** Checks the condition and stores, in one step. */
  write(key: ObjectKey, bytes: Uint8Array, etag: ETag, headers: ObjectHeaders, condition: WriteCondition): void;
}

/** Uploads in memory. Every change is one step without waiting in it, so that racing calls see it done or not done. */
export function createMemoryUploads(store: UploadStore): MultipartUploads {
  const uploads = new Map<string, MemoryUpload>();
  let created = 0;

  const find = (handle: UploadHandle): MemoryUpload => {
    const upload = uploads.get(handle.uploadId);
    if (upload?.key === handle.key) return upload;
    throw new BucketError('upload-missing', `Cannot find the upload "${handle.uploadId}" of "${handle.key}"`);
  };

  const multipart: MultipartUploads = {
    async create(key, { signal, size: _size, partSize: _partSize, ...headers }) {
      throwIfAborted(signal);
      const uploadId = `upload-${++created}`;
      uploads.set(uploadId, { key, headers: pickHeaders(headers), initiatedMs: store.now(), parts: new Map() });
      return { key, uploadId };
    },

    async putPart(handle, partNumber, body, { sha256, signal } = {}) {
      throwIfAborted(signal);
      find(handle);
      const chunks: Uint8Array[] = [];
      const what = `part ${partNumber} of "${handle.key}"`;
      const received = await receiveBody(what, body, (chunk) => void chunks.push(chunk.slice()), {
        digestAlgorithm: 'md5',
        sha256,
        signal,
      });
      const part = { bytes: concatBytes(chunks, received.size), etag: store.makeETag(received.digest), sha256 };
      find(handle).parts.set(partNumber, part);
      return { partNumber, etag: part.etag };
    },

    async copyPart(handle, partNumber, from, range, options = {}) {
      const object = store.read(from);
      if (!object) throw new BucketError('object-missing', `Cannot copy "${from}" into a part of "${handle.key}": it is missing`);
      const { start, end } = resolveRange(from, object.bytes.byteLength, range);
      const body: ByteSource = bytesSource(object.bytes.subarray(start, end));
      return multipart.putPart(handle, partNumber, body, options);
    },

    async *listParts(handle, { signal } = {}) {
      throwIfAborted(signal);
      const parts = [...find(handle).parts].sort(([left], [right]) => left - right);
      for (const [partNumber, { bytes, etag, sha256 }] of parts) yield { partNumber, etag, size: bytes.byteLength, sha256 };
    },

    async *listUploads(key, { signal } = {}) {
      throwIfAborted(signal);
      for (const [uploadId, upload] of uploads) {
        if (upload.key === key) yield { key, uploadId, initiated: new Date(upload.initiatedMs) };
      }
    },

    async *listUploadsBelow(prefix, { signal } = {}) {
      throwIfAborted(signal);
      for (const [uploadId, { key, initiatedMs }] of uploads) {
        if (store.tellsUploadsOfKeysOnly ? key === prefix : key.startsWith(prefix))
          yield { key, uploadId, initiated: new Date(initiatedMs) };
      }
    },

    async complete(handle, parts, { signal, ...condition } = {}) {
      throwIfAborted(signal);
      const upload = find(handle);
      const chosen = choosePartsInOrder(upload, parts, store.abilities);
      const size = chosen.reduce((sum, part) => sum + part.bytes.byteLength, 0);
      const bytes = concatBytes(
        chosen.map((part) => part.bytes),
        size,
      );
      const etag = store.makeETag(digestHex('md5', bytesOfETags(parts)), parts.length);
      store.write(handle.key, bytes, etag, upload.headers, condition);
      uploads.delete(handle.uploadId);
      return { etag };
    },

    async abort(handle, { signal } = {}) {
      throwIfAborted(signal);
      if (uploads.get(handle.uploadId)?.key === handle.key) uploads.delete(handle.uploadId);
    },
  };
  return multipart;
}

/** The parts that Complete names, held against those that are there and against the store's rules for their sizes. */
function choosePartsInOrder(upload: MemoryUpload, named: readonly UploadedPart[], abilities: BucketAbilities): MemoryPart[] {
  const refuse = (why: string): BucketError => new BucketError('part-invalid', `Cannot complete "${upload.key}": ${why}`);
  if (named.length === 0) throw refuse('it has no parts');
  const chosen = named.map(({ partNumber, etag }, index) => {
    if (partNumber <= (named[index - 1]?.partNumber ?? 0)) throw refuse(`part ${partNumber} is out of order`);
    const part = upload.parts.get(partNumber);
    if (part?.etag !== etag) throw refuse(`found part ${partNumber} as ${part?.etag ?? 'missing'}, wanted ${etag}`);
    return part;
  });
  const first = chosen[0]?.bytes.byteLength ?? 0;
  for (const [index, { bytes }] of chosen.entries()) {
    const last = index === chosen.length - 1;
    if (!last && bytes.byteLength < abilities.minPartBytes) throw refuse(`part ${index + 1} has less than ${abilities.minPartBytes} bytes`);
    if (abilities.equalParts && (last ? bytes.byteLength > first : bytes.byteLength !== first)) {
      throw refuse(`part ${index + 1} has ${bytes.byteLength} bytes, the first ${first}`);
    }
  }
  return chosen;
}

/** The MD5s of the parts, one after the other: what S3 makes the ETag of a multipart object from. */
function bytesOfETags(parts: readonly UploadedPart[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(({ etag }) => (etag.match(/[0-9a-f]{2}/g) ?? []).map((pair) => Number.parseInt(pair, 16))));
}
