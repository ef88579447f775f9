import type { Bucket } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { formatKey, referrerMarkersPrefix, registryRoot, repositoriesRoot, repositoryPrefix } from '../layout/keys.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { readBucketFormat } from '../registry/bucket-format.ts';
import { createCatalog } from '../registry/catalog.ts';
import { systemClock } from '../streams/clock.ts';
import type { MadeImage } from './made-image.ts';

/** Removes from a bucket what runs wrote: the keys of a repository of their own, single objects, and unfinished uploads of either. */
export interface BucketTraces {
  /** All of the repository, and what was begun of this image. */
  removeImage(image: MadeImage, signal: AbortSignal): Promise<void>;
  /** One object, whether it is whole or was only begun. */
  removeObject(key: ObjectKey, signal: AbortSignal): Promise<void>;
  /** After all runs: what the first push into a bucket writes besides, where it was not there before and nobody else has begun to use it. */
  removeFormat(signal: AbortSignal): Promise<void>;
}

/**
 * Looks at what is there before the first run. The repository's name must be used by nobody else: all below it is removed.
 * @throws BucketError what the store answers
 */
export async function openBucketTraces(bucket: Bucket, name: RepositoryName, signal: AbortSignal): Promise<BucketTraces> {
  const formatKeys = [formatKey({ kind: 'root' }), formatKey({ kind: 'format' })];
  const before = await Promise.all(formatKeys.map((key) => bucket.head(key, { signal })));
  const added = formatKeys.filter((_, index) => before[index] === undefined);

  const removeObject = async (key: ObjectKey, one: AbortSignal): Promise<void> => {
    await abortUploads(bucket, key, one);
    await bucket.delete(key, { signal: one });
  };

  return {
    removeObject,
    async removeImage({ blobs }, one) {
      for (const { digest } of blobs) await abortUploads(bucket, formatKey({ kind: 'blob', name, digest }), one);
      const keys = [formatKey({ kind: 'repository-marker', name }), formatKey({ kind: 'collection', name })];
      for (const prefix of [repositoryPrefix(name), referrerMarkersPrefix(name)]) keys.push(...(await listKeys(bucket, prefix, one)));
      await bucket.deleteMany(keys, { signal: one });
      const format = await readBucketFormat(bucket, { signal: one });
      if (format?.catalog) await createCatalog(bucket, systemClock).rebuild({ signal: one });
    },
    async removeFormat(one) {
      const isOurs = (key: ObjectKey): boolean => formatKeys.includes(key);
      const others = [...(await listKeys(bucket, registryRoot, one)), ...(await listKeys(bucket, repositoriesRoot, one))];
      // Somebody pushed meanwhile: what they found there they rely on
      if (added.length > 0 && others.every(isOurs)) await bucket.deleteMany(added, { signal: one });
    },
  };
}

/** Some stores list unfinished uploads of exact keys only. */
async function abortUploads(bucket: Bucket, key: ObjectKey, signal: AbortSignal): Promise<void> {
  const { multipart } = bucket;
  if (!multipart) return;
  const uploads = await Array.fromAsync(multipart.listUploads(key, { signal }));
  for (const upload of uploads) await multipart.abort(upload, { signal });
}

async function listKeys(bucket: Bucket, prefix: string, signal: AbortSignal): Promise<ObjectKey[]> {
  const entries = await Array.fromAsync(bucket.list({ prefix, signal }));
  return entries.flatMap((entry) => (entry.kind === 'object' ? [entry.key] : []));
}
