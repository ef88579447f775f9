import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import type { RequestOptions } from './image-source.ts';
import type { Packing } from './layer-packer.ts';

/** Where an image goes. */
export interface ImageTarget {
  /** As the user wrote it; for messages. */
  readonly location: string;
  /** `one`: takes the image of one platform, no index (an archive for `docker load`). */
  readonly takes: 'graph' | 'one';

  /** Begins a push. Nothing is visible under the image's name before `commit`. */
  begin(options?: RequestOptions): Promise<ImageWriter>;

  /** The same repository under another tag, over the same connections: it need not be closed. Absent where there are no tags. */
  openSibling?(tag: Tag): ImageTarget;
  close(): Promise<void>;
}

/**
 * One push under way. `copyImage` calls it so, which is the order of writes of the bucket format: blobs (and beside all that follows, `prepare`), then manifests from the leaves to the root (children before
 * their parents, subjects before their referrers), `settle` until it says so, `commit`. Blobs and manifests that do not depend on each other come side by side.
 */
export interface ImageWriter {
  /** Whether the manifest and all below it are there, so that nothing below need be sent. The root is put again all the same. */
  hasSubtree(manifest: Descriptor, options?: RequestOptions): Promise<boolean>;

  /** Whether a blob of this digest and size is there. `isProbablyNew`: a guess that it is not, which the target may act on. */
  hasBlob(blob: Descriptor, options?: RequestOptions & { readonly isProbablyNew?: boolean | undefined }): Promise<boolean>;

  /**
   * Called beside the sending of blobs and manifests, once all blobs were asked for: does what need not wait for their end. `manifests`: all that are going to be put, in this order.
   * It has ended before `commit` is called.
   */
  prepare?(root: Descriptor, manifests: readonly Descriptor[], options?: RequestOptions): Promise<void>;

  /**
   * Stores a blob. It becomes visible only after its size and digest were checked; many readers may look meanwhile.
   * @throws RegistryError `digest-mismatch`, `size-mismatch`
   */
  putBlob(blob: Descriptor, bytes: ByteSource, options?: PutBlobOptions): Promise<void>;

  /**
   * Stores bytes whose digest and size show when they are read, and tells them; each opening gives the same bytes. They become visible only after they ended without a failure.
   * Absent where blobs must be named before they are sent, or where packed layers are no gain (archives): layers are then sent as they are.
   */
  putUnknownBlob?(blob: UnknownBlob, options?: RequestOptions): Promise<Pick<Descriptor, 'digest' | 'size'>>;

  /**
   * The blob that an earlier push packed a layer to, if it is there: the layer need not be read. It counts as skipped, as one that `hasBlob` shows. Absent, with `recordPacked`, where
   * nothing is remembered.
   */
  findPacked?(recipe: PackRecipe, options?: RequestOptions): Promise<Pick<Descriptor, 'digest' | 'size'> | undefined>;

  /** Remembers what a layer was packed to, for `findPacked`. Called after `putUnknownBlob`. */
  recordPacked?(recipe: PackRecipe, blob: Pick<Descriptor, 'digest' | 'size'>, options?: RequestOptions): Promise<void>;

  /** Stores a manifest whose bytes were verified, under its digest; idempotent. */
  putManifest(manifest: Descriptor, bytes: Uint8Array, options?: RequestOptions): Promise<void>;

  /**
   * Asks whether all that was sent or skipped is sure to stay until the commit. `again`: a collection came between; send all once more (what is still there will be
   * skipped again) and ask again.
   */
  settle(options?: RequestOptions): Promise<'settled' | 'again'>;

  /** Makes the root visible under the name that the place gives, and what follows from it (lists, referrers). */
  commit(root: Descriptor, options?: RequestOptions): Promise<void>;

  /** Ends a push that failed or was stopped. `discard` removes what only this push made and nobody can see; else it stays for a later run. */
  abandon(options?: RequestOptions & { readonly discard?: boolean }): Promise<void>;
}

/** A layer, by the digest of its uncompressed bytes, and how it is packed. */
export interface PackRecipe extends Packing {
  readonly diffId: Digest;
}

/** Bytes that are made while they are read. */
export interface UnknownBlob {
  open(options?: RequestOptions): ByteStream;
}

export interface PutBlobOptions extends RequestOptions {
  /** Called with the number of bytes that were newly sent; negative when a part is sent again. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called with the number of bytes that an upload which broke off left there, and that are kept. */
  readonly onKept?: ((bytes: number) => void) | undefined;
}
