import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { ImageSource, RequestOptions } from '../transfer/image-source.ts';

/** The repository of a registry that is mirrored. */
export interface MirrorSource {
  /** As in `docker.io/library/alpine`. */
  readonly location: string;
  /** All tags, in the registry's order, fallback tags among them. @throws RegistryError `repository-missing`, … */
  listTags(options?: RequestOptions): AsyncIterable<string>;
  /**
   * What a tag names, by one HEAD; a claim of the registry, good for telling whether anything changed.
   * @returns undefined where the registry does not tell
   * @throws RegistryError `tag-missing`, …
   */
  digestOf(tag: Tag, options?: RequestOptions): Promise<Digest | undefined>;
  /** The image of a tag; of this very digest, where one is given. Nothing is asked yet. */
  openImage(tag: Tag, digest?: Digest): ImageSource;
  close(): Promise<void>;
}
