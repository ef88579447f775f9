import type { BucketFormat } from '../layout/format-version.ts';
import type { MirrorTarget } from '../mirror/mirror-target.ts';
import { listChildren } from '../oci/manifest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { Repository } from '../registry/repository.ts';
import { createBucketSource } from '../transports/bucket-source.ts';
import { createBucketTarget } from '../transports/bucket-target.ts';
import type { SharedBlobs } from '../transports/shared-blobs.ts';

/** What all repositories of a run share. */
export interface MirrorTargetOptions {
  readonly blobs: SharedBlobs;
  readonly format: BucketFormat | undefined;
  /** As in `s3://my-bucket/library/alpine`. */
  readonly location: string;
}

/** A repository of a bucket that is kept in step. */
export function openMirrorTarget(repository: Repository, { blobs, format, location }: MirrorTargetOptions): MirrorTarget {
  const { tags } = repository;
  const place = (tag: Tag): string => `${location}:${tag}`;
  return {
    location,
    listTags: (options) => tags.list(options),
    digestOf: async (tag, options) => (await tags.digestOf(tag, options)) ?? (await tags.get(tag, options))?.descriptor.digest,
    async digestsBelow(tag, options) {
      const stored = await tags.get(tag, options);
      if (stored === undefined) return [];
      const { descriptor, manifest } = stored;
      return [descriptor.digest, ...(manifest.kind === 'index' ? listChildren(manifest).map(({ digest }) => digest) : [])];
    },
    openImage: (tag, copiedTag = tag) =>
      blobs.share(createBucketTarget(repository, { tag, copiedTag, format, location: place(tag) }), repository),
    openStored: (tag) => createBucketSource(repository, { reference: tag, location: place(tag) }),
    deleteTags: (names, options) => tags.delete(names, options),
  };
}
