import type { Descriptor } from '../oci/descriptor.ts';

/** An image of layers that no compression makes smaller. */
export interface ImageShape {
  readonly layers: number;
  /** Of each layer as it is stored: its one file is as large as makes it so. */
  readonly layerBytes: number;
  /** Other seeds, other bytes. */
  readonly seed: string;
}

/** An image in an OCI layout, with one tag. */
export interface MadeImage {
  readonly folder: string;
  readonly tag: string;
  /** The files of the layers, in order, for those that send objects and know nothing of images. */
  readonly layerFiles: readonly [string, ...string[]];
  readonly manifest: Descriptor;
  /** Config and layers: what a registry keeps beside the manifest. */
  readonly blobs: readonly Descriptor[];
  /** Of all layers. */
  readonly bytes: number;
}
