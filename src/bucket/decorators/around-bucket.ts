import type { Bucket } from '../bucket.ts';
import type { MultipartUploads } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';

/** Every operation of the port, by the name of its method. */
export type BucketOperationName =
  | 'get'
  | 'head'
  | 'put'
  | 'delete'
  | 'deleteMany'
  | 'list'
  | 'copy'
  | 'presign'
  | 'create'
  | 'putPart'
  | 'copyPart'
  | 'listParts'
  | 'listUploads'
  | 'complete'
  | 'abort';

/** One call, as a decorator sees it. */
export interface BucketOperation {
  readonly name: BucketOperationName;
  /** The key that is read or written; undefined for `list` and `deleteMany`. */
  readonly key?: ObjectKey | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is put around calls. */
export interface BucketAdvice {
  call<T>(operation: BucketOperation, run: () => Promise<T>): Promise<T>;
  /** Around a listing, which may be begun again by calling `open` again. */
  iterate<T>(operation: BucketOperation, open: () => AsyncIterable<T>): AsyncIterable<T>;
}

/** A bucket whose every operation goes through `advice`; what the inner one lacks, it lacks too. `close` goes straight through. */
export function aroundBucket(inner: Bucket, advice: BucketAdvice): Bucket {
  const { copy, presign, multipart } = bindOptionalMembers(inner);
  return {
    location: inner.location,
    abilities: inner.abilities,
    get: (key, options) => advice.call({ name: 'get', key, signal: options?.signal }, () => inner.get(key, options)),
    head: (key, options) => advice.call({ name: 'head', key, signal: options?.signal }, () => inner.head(key, options)),
    put: (key, body, options) => advice.call({ name: 'put', key, signal: options?.signal }, () => inner.put(key, body, options)),
    delete: (key, options) => advice.call({ name: 'delete', key, signal: options?.signal }, () => inner.delete(key, options)),
    deleteMany: (keys, options) => advice.call({ name: 'deleteMany', signal: options?.signal }, () => inner.deleteMany(keys, options)),
    list: (options) => advice.iterate({ name: 'list', signal: options?.signal }, () => inner.list(options)),
    close: () => inner.close(),
    ...(copy && {
      copy: (from, to, options) => advice.call({ name: 'copy', key: to, signal: options?.signal }, () => copy(from, to, options)),
    }),
    ...(presign && {
      presign: (key, options) => advice.call({ name: 'presign', key, signal: options.signal }, () => presign(key, options)),
    }),
    ...(multipart && { multipart: aroundUploads(multipart, advice) }),
  };
}

function aroundUploads(inner: MultipartUploads, advice: BucketAdvice): MultipartUploads {
  const copyPart = inner.copyPart?.bind(inner);
  return {
    create: (key, options) => advice.call({ name: 'create', key, signal: options.signal }, () => inner.create(key, options)),
    putPart: (upload, partNumber, body, options) =>
      advice.call({ name: 'putPart', key: upload.key, signal: options?.signal }, () => inner.putPart(upload, partNumber, body, options)),
    ...(copyPart && {
      copyPart: (upload, partNumber, from, range, options) =>
        advice.call({ name: 'copyPart', key: upload.key, signal: options?.signal }, () =>
          copyPart(upload, partNumber, from, range, options),
        ),
    }),
    listParts: (upload, options) =>
      advice.iterate({ name: 'listParts', key: upload.key, signal: options?.signal }, () => inner.listParts(upload, options)),
    listUploads: (key, options) =>
      advice.iterate({ name: 'listUploads', key, signal: options?.signal }, () => inner.listUploads(key, options)),
    listUploadsBelow: (prefix, options) =>
      advice.iterate({ name: 'listUploads', signal: options?.signal }, () => inner.listUploadsBelow(prefix, options)),
    complete: (upload, parts, options) =>
      advice.call({ name: 'complete', key: upload.key, signal: options?.signal }, () => inner.complete(upload, parts, options)),
    abort: (upload, options) =>
      advice.call({ name: 'abort', key: upload.key, signal: options?.signal }, () => inner.abort(upload, options)),
  };
}

/** The members that a bucket may lack, safe to call without it. */
export function bindOptionalMembers(inner: Bucket): Pick<Bucket, 'copy' | 'presign' | 'multipart'> {
  return {
    ...(inner.copy && { copy: inner.copy.bind(inner) }),
    ...(inner.presign && { presign: inner.presign.bind(inner) }),
    ...(inner.multipart && { multipart: inner.multipart }),
  };
}
