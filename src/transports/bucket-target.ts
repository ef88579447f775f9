import type { BucketFormat } from '../layout/format-version.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { FirstLook } from '../registry/push-outlook.ts';
import type { Repository } from '../registry/repository.ts';
import type { ImageTarget } from '../transfer/image-target.ts';

/** Under which name an image goes into a repository. */
export interface BucketTargetOptions {
  /** Without one it is pushed by digest only. */
  readonly tag?: Tag | undefined;
  /** The tag whose image gets another one: what it leads to need not be looked at. `tag`, if left out. */
  readonly copiedTag?: Tag | undefined;
  /** What was read of the bucket's format already (`none`: that it has none): it is not read again. */
  readonly format?: BucketFormat | 'none' | undefined;
  /** What `lookBeforePush` of the repository read already, for the same tags. */
  readonly firstLook?: FirstLook | undefined;
  /** As the user wrote it. */
  readonly location: string;
}

/** A repository of a bucket, to push to. The bucket stays open when the target is closed. */
export function createBucketTarget(
  repository: Repository,
  { tag, copiedTag = tag, format, firstLook, location }: BucketTargetOptions,
): ImageTarget {
  return {
    location,
    takes: 'graph',
    begin: (options) => repository.beginPush(tag, { ...options, copiedTag, format, firstLook }),
    openSibling: (other) => createBucketTarget(repository, { tag: other, format, location: `${location} (tag ${other})` }),
    close: async () => undefined,
  };
}
