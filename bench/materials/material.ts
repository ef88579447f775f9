import type { ImageShape } from '../../src/bench/made-image.ts';

/** What a scenario moves: what is made of it is the same on every machine, but for files of this one. */
export type MaterialShape =
  /** An image of layers that nothing makes smaller. */
  | ({ readonly kind: 'noise' } & ImageShape)
  /** One layer that is a file of holes: it takes no place, and as nothing on its way compresses it, its zeros cost what other bytes do. */
  | { readonly kind: 'holes'; readonly bytes: number }
  /** An archive as `docker save` writes it, of one uncompressed layer with files of this project's tools. */
  | { readonly kind: 'files'; readonly bytes: number };

/** What was made. */
export interface Material {
  /** As `bucketry push` reads it. */
  readonly source: string;
  /** The OCI layout and its one tag, for others that read it; an archive has none. */
  readonly folder: string;
  readonly tag: string;
  /** The files of the layers, for those that send objects and know nothing of images. */
  readonly layerFiles: readonly [string, ...string[]];
  /** Of all layers. */
  readonly bytes: number;
  /** Fewer than these in the store, and the push was none, however it ended. */
  readonly leastStoredBytes: number;
}
