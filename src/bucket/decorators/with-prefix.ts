import type { Bucket, ListedEntry } from '../bucket.ts';
import type { MultipartUploads, UploadHandle } from '../multipart-uploads.ts';
import { type ObjectKey, toObjectKey } from '../object-key.ts';
import { bindOptionalMembers } from './around-bucket.ts';

/**
 * The part of a bucket whose keys begin with a prefix, as a bucket of its own. Closing it closes the whole.
 * @param prefix with a `/` at its end; messages of errors still show whole keys
 * @throws BucketError `key-invalid` where the prefix is no key, or a key with it would be too long
 */
export function withPrefix(inner: Bucket, prefix: string): Bucket {
  const root = toObjectKey(prefix.endsWith('/') ? prefix : `${prefix}/`);
  const { copy, presign, multipart } = bindOptionalMembers(inner);
  const outer = (key: string): ObjectKey => toObjectKey(root + key);
  const strip = <T extends { readonly key: ObjectKey }>(value: T): T => ({ ...value, key: value.key.slice(root.length) as ObjectKey });

  return {
    location: `${inner.location}/${root.slice(0, -1)}`,
    abilities: inner.abilities,
    async get(key, options) {
      const content = await inner.get(outer(key), options);
      return content && strip(content);
    },
    async head(key, options) {
      const info = await inner.head(outer(key), options);
      return info && strip(info);
    },
    put: async (key, body, options) => inner.put(outer(key), body, options),
    delete: async (key, options) => inner.delete(outer(key), options),
    deleteMany: async (keys, options) => inner.deleteMany(keys.map(outer), options),
    async *list({ prefix: below = '', startAfter, ...options } = {}) {
      const listing = inner.list({ ...options, prefix: root + below, ...(startAfter !== undefined && { startAfter: root + startAfter }) });
      for await (const entry of listing) {
        // An object under the prefix itself has no name here.
        if (entry.kind === 'object' && entry.key === root) continue;
        yield stripEntry(entry, root);
      }
    },
    close: () => inner.close(),
    ...(copy && { copy: async (from, to, options) => copy(outer(from), outer(to), options) }),
    ...(presign && { presign: async (key, options) => presign(outer(key), options) }),
    ...(multipart && { multipart: prefixUploads(multipart, root, outer, strip) }),
  };
}

function prefixUploads(
  inner: MultipartUploads,
  root: string,
  outer: (key: string) => ObjectKey,
  strip: <T extends { readonly key: ObjectKey }>(value: T) => T,
): MultipartUploads {
  const copyPart = inner.copyPart?.bind(inner);
  const outerUpload = (upload: UploadHandle): UploadHandle => ({ ...upload, key: outer(upload.key) });
  return {
    create: async (key, options) => strip(await inner.create(outer(key), options)),
    putPart: async (upload, partNumber, body, options) => inner.putPart(outerUpload(upload), partNumber, body, options),
    ...(copyPart && {
      copyPart: async (upload, partNumber, from, range, options) => copyPart(outerUpload(upload), partNumber, outer(from), range, options),
    }),
    listParts: (upload, options) => inner.listParts(outerUpload(upload), options),
    async *listUploads(key, options) {
      for await (const upload of inner.listUploads(outer(key), options)) yield strip(upload);
    },
    async *listUploadsBelow(prefix, options) {
      for await (const upload of inner.listUploadsBelow(root + prefix, options)) yield strip(upload);
    },
    complete: async (upload, parts, options) => inner.complete(outerUpload(upload), parts, options),
    abort: async (upload, options) => inner.abort(outerUpload(upload), options),
  };
}

function stripEntry(entry: ListedEntry, root: string): ListedEntry {
  return entry.kind === 'object'
    ? { ...entry, key: entry.key.slice(root.length) as ObjectKey }
    : { ...entry, prefix: entry.prefix.slice(root.length) };
}
