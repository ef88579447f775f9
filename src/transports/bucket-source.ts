import { RegistryError } from '../errors/registry-error.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { StoredManifest } from '../registry/manifests.ts';
import type { Repository } from '../registry/repository.ts';
import type { ImageSource, RequestOptions } from '../transfer/image-source.ts';

/** Which image of a repository, and what to call it. */
export interface BucketSourceOptions {
  readonly reference: Tag | Digest;
  /** As the user wrote it. */
  readonly location: string;
}

/** Most tags that an error names. */
const maxNamedTags = 20;

/**
 * An image of a bucket. A tag is read once: if it moves meanwhile, the image stays what it was, since all else is read by digest. Large blobs are read by many ranges at
 * once. The bucket stays open when the source is closed.
 */
export function createBucketSource(repository: Repository, { reference, location }: BucketSourceOptions): ImageSource {
  const { manifests, blobs, referrers, tags } = repository;
  let root: StoredManifest | undefined;
  return {
    location,
    async root(options) {
      root ??= await manifests.get(reference, options);
      if (root === undefined) throw await explainMissing(repository, reference, location, options);
      return root.descriptor;
    },
    async manifest({ digest }, options) {
      const found = root?.descriptor.digest === digest ? root : await manifests.get(digest, options);
      if (found) return found.bytes;
      throw new RegistryError('manifest-missing', `Cannot read manifest "${digest}" of "${location}": it is not in the bucket`);
    },
    blob: (blob) => blobs.open(blob),
    referrers: async ({ digest }, options) => (await referrers.list(digest, options)) ?? [],
    siblings: {
      listTags: (options) => tags.list(options),
      open: (tag) => createBucketSource(repository, { reference: tag, location: `${location} (tag ${tag})` }),
    },
    close: async () => undefined,
  };
}

async function explainMissing(
  { name, tags, bucket }: Repository,
  reference: Tag | Digest,
  location: string,
  options: RequestOptions | undefined,
): Promise<RegistryError> {
  if (isDigest(reference)) {
    return new RegistryError(
      'manifest-missing',
      `Cannot find "${location}": repository "${name}" of ${bucket.location} has no such manifest`,
    );
  }
  const there = await tags.list(options);
  if (there.length === 0) {
    return new RegistryError(
      'repository-missing',
      `Cannot find "${location}": ${bucket.location} has no repository "${name}", or no tag in it`,
      {
        hint: '"bucketry ls" lists the repositories of a bucket.',
      },
    );
  }
  const more = there.length > maxNamedTags ? `, … (${there.length} in all)` : '';
  return new RegistryError('tag-missing', `Cannot find "${location}": repository "${name}" has no tag "${reference}"`, {
    hint: `Its tags are ${there.slice(0, maxNamedTags).join(', ')}${more}.`,
  });
}
