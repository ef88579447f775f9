import { BucketError } from '../../errors/bucket-error.ts';
import { throwIfAborted } from '../../errors/registry-error.ts';
import { type Clock, systemClock } from '../../streams/clock.ts';
import { digestHex } from '../../streams/hasher.ts';
import { concatBytes } from '../../streams/read-all.ts';
import type { Bucket, BucketAbilities, ETag, ObjectHeaders, WriteCondition } from '../bucket.ts';
import { resolveRange } from '../byte-range.ts';
import type { ObjectKey } from '../object-key.ts';
import { abortable, receiveBody } from '../received-body.ts';
import { checkWriteCondition, hasCondition } from '../write-condition.ts';
import { listMemory, type ListOrder } from './memory-list.ts';
import { createMemoryUploads } from './memory-uploads.ts';
import { describeMemoryObject, type MemoryObject, pickHeaders, streamBytes } from './memory-store.ts';

/** What real stores do that nothing in the port forbids, for tests that must bear it. */
export interface MemoryBucketQuirks {
  readonly listOrder?: ListOrder | undefined;
  /** Answers a range with the whole object. */
  readonly ignoresRange?: boolean | undefined;
  /** ETags that are no MD5 though they look like one, as S3 gives them under KMS keys. */
  readonly opaqueETags?: boolean | undefined;
  /** Has no server-side copy. */
  readonly lacksCopy?: boolean | undefined;
  /** Has no uploads in parts. */
  readonly lacksMultipart?: boolean | undefined;
  /** Lists the unfinished uploads of one key, and of many keys none, as MinIO does. */
  readonly tellsUploadsOfKeysOnly?: boolean | undefined;
}

export interface MemoryBucketOptions {
  /** What differs from a store that can do all: atomic conditions, no smallest part, no bounds. */
  readonly abilities?: Partial<BucketAbilities> | undefined;
  readonly clock?: Clock | undefined;
  readonly quirks?: MemoryBucketQuirks | undefined;
  /** For messages; `memory:` if left out. */
  readonly location?: string | undefined;
}

const fullAbilities: BucketAbilities = {
  conditionalPut: 'atomic',
  strongList: true,
  verifiesSha256: true,
  verifiesCrc32: false,
  protectsBodies: true,
  maxPutBytes: 5 * 2 ** 30,
  maxCopyBytes: 5 * 2 ** 30,
  equalParts: false,
  minPartBytes: 0,
  minWriteIntervalMs: 0,
};

/**
 * A bucket in memory, for tests: it holds to the abilities that it is given (refuses or ignores conditions, small or unequal parts, writes of one key in quick
 * succession). ETags are MD5s, with `-N` after an upload in N parts, as S3 makes them.
 */
export function createMemoryBucket(options: MemoryBucketOptions = {}): Bucket {
  const { clock = systemClock, quirks = {}, location = 'memory:' } = options;
  const abilities: BucketAbilities = { ...fullAbilities, ...options.abilities };
  const objects = new Map<ObjectKey, MemoryObject>();
  const makeETag = (md5: string, partCount?: number): ETag => {
    const name = quirks.opaqueETags ? digestHex('md5', new TextEncoder().encode(md5)) : md5;
    return partCount === undefined ? `"${name}"` : `"${name}-${partCount}"`;
  };

  const write = (key: ObjectKey, bytes: Uint8Array, etag: ETag, headers: ObjectHeaders, condition: WriteCondition): void => {
    const found = objects.get(key);
    if (hasCondition(condition)) checkCondition(key, condition, found?.etag, abilities);
    checkInterval(key, clock.now(), found?.lastModifiedMs, abilities);
    objects.set(key, { ...pickHeaders(headers), bytes, etag, lastModifiedMs: clock.now() });
  };

  const bucket: Bucket = {
    location,
    abilities,

    async get(key, { range, ifMatch, signal } = {}) {
      throwIfAborted(signal);
      const object = objects.get(key);
      if (!object) return undefined;
      if (ifMatch !== undefined) checkWriteCondition(key, { ifMatch }, object.etag);
      const { start, end } = resolveRange(key, object.bytes.byteLength, quirks.ignoresRange ? undefined : range);
      const body = abortable(streamBytes(object.bytes, start, end), signal);
      return { ...describeMemoryObject(key, object), start, contentLength: end - start, body };
    },

    async head(key, { signal } = {}) {
      throwIfAborted(signal);
      const object = objects.get(key);
      return object && describeMemoryObject(key, object);
    },

    async put(key, body, { sha256, signal, ifMatch, ifNoneMatch, ...headers } = {}) {
      throwIfAborted(signal);
      checkSize(key, body.size, abilities.maxPutBytes);
      const chunks: Uint8Array[] = [];
      const collect = (chunk: Uint8Array): void => void chunks.push(chunk.slice());
      const received = await receiveBody(`"${key}"`, body, collect, { digestAlgorithm: 'md5', sha256, signal });
      const etag = makeETag(received.digest);
      write(key, concatBytes(chunks, received.size), etag, headers, { ifMatch, ifNoneMatch });
      return { etag };
    },

    async delete(key, { signal } = {}) {
      throwIfAborted(signal);
      objects.delete(key);
    },

    async deleteMany(keys, { signal } = {}) {
      throwIfAborted(signal);
      for (const key of keys) objects.delete(key);
    },

    async *list(listOptions = {}) {
      throwIfAborted(listOptions.signal);
      for (const entry of listMemory(objects, listOptions, quirks.listOrder ?? 'bytes')) {
        throwIfAborted(listOptions.signal);
        yield entry;
      }
    },

    async close() {},
  };

  const copy: Bucket['copy'] = async (from, to, { signal, ...headers } = {}) => {
    throwIfAborted(signal);
    const object = objects.get(from);
    if (!object) throw new BucketError('object-missing', `Cannot copy "${from}" to "${to}": it is missing`);
    checkSize(from, object.bytes.byteLength, abilities.maxCopyBytes);
    write(to, object.bytes, object.etag, headers, {});
    return { etag: object.etag };
  };

  return {
    ...bucket,
    ...(quirks.lacksCopy ? {} : { copy }),
    ...(quirks.lacksMultipart
      ? {}
      : {
          multipart: createMemoryUploads({
            abilities,
            tellsUploadsOfKeysOnly: quirks.tellsUploadsOfKeysOnly ?? false,
            now: () => clock.now(),
            makeETag,
            read: (key) => objects.get(key),
            write,
          }),
        }),
  };
}

function checkCondition(key: ObjectKey, condition: WriteCondition, found: ETag | undefined, { conditionalPut }: BucketAbilities): void {
  if (conditionalPut === 'atomic') checkWriteCondition(key, condition, found);
  if (conditionalPut === 'none') throw new BucketError('operation-unsupported', `Cannot write "${key}": this store knows no conditions`);
}

function checkInterval(key: ObjectKey, nowMs: number, lastMs: number | undefined, { minWriteIntervalMs }: BucketAbilities): void {
  const waitMs = lastMs === undefined ? 0 : lastMs + minWriteIntervalMs - nowMs;
  if (waitMs > 0) {
    throw new BucketError('throttled', `Cannot write "${key}": the last write was less than ${minWriteIntervalMs} ms ago`, {
      retryAfterMs: waitMs,
    });
  }
}

function checkSize(key: ObjectKey, size: number, maxBytes: number): void {
  if (size > maxBytes)
    throw new BucketError('object-too-large', `Cannot write "${key}" at once: it has ${size} bytes, at most ${maxBytes} are taken`);
}
