import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { ImageSource, RequestOptions } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';

/** The repository that is kept in step. */
export interface MirrorTarget {
  /** As in `s3://my-bucket/library/alpine`. */
  readonly location: string;
  /** All tags, without fallback tags; none where there is no such repository yet. */
  listTags(options?: RequestOptions): Promise<readonly Tag[]>;
  /** What a tag names; undefined where there is no such tag. */
  digestOf(tag: Tag, options?: RequestOptions): Promise<Digest | undefined>;
  /** What a tag names, and what that lists as an index; empty where there is no such tag. */
  digestsBelow(tag: Tag, options?: RequestOptions): Promise<readonly Digest[]>;
  /** To write an image under a tag. `copied` is the tag whose image gets this one too. */
  openImage(tag: Tag, copied?: Tag): ImageTarget;
  /** To read the image of a tag that is there. */
  openStored(tag: Tag): ImageSource;
  /** Deletes tags, and nothing but the tags. */
  deleteTags(tags: readonly Tag[], options?: RequestOptions): Promise<void>;
}
