import type { Descriptor } from '../oci/descriptor.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { ByteSource } from '../streams/byte-source.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Where an image comes from: a layout, an archive, a registry, a bucket. `transfer/` verifies all that it gives; a source need not. */
export interface ImageSource {
  /** As the user wrote it; for messages. */
  readonly location: string;

  /**
   * What the place names: the descriptor of its manifest or index.
   * @throws RegistryError `tag-missing`, `manifest-missing`, `reference-ambiguous`, `input-missing`, … (naming what there is)
   */
  root(options?: RequestOptions): Promise<Descriptor>;

  /**
   * The bytes of a manifest or index, at most `maxManifestBytes`.
   * @throws RegistryError `manifest-missing`
   */
  manifest(descriptor: Descriptor, options?: RequestOptions): Promise<Uint8Array>;

  /** The bytes of a config or layer. Not opened yet: what is missing (`blob-missing`) shows when it is read. */
  blob(descriptor: Descriptor): ByteSource;

  /**
   * Whether uncompressed layers may be packed on the way, which makes another manifest: true of archives that have no digest to keep, or none that anybody knows the image by.
   * Absent: its digests are kept.
   */
  readonly isPackable?: boolean | undefined;

  /** Descriptors of the manifests whose subject this is; absent where the place cannot tell. */
  referrers?(subject: Descriptor, options?: RequestOptions): Promise<readonly Descriptor[]>;

  /** What lies beside the image in its repository; absent where there is none. */
  readonly siblings?: ImageSiblings | undefined;

  close(): Promise<void>;
}

/** The tags of the repository that an image is in. */
export interface ImageSiblings {
  listTags(options?: RequestOptions): Promise<readonly string[]>;
  /** The image of another tag, over the same connections: it need not be closed. */
  open(tag: Tag): ImageSource;
}
