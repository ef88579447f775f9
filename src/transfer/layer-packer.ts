import type { ByteStream } from '../streams/byte-source.ts';

/** All that shapes the bytes of a packed layer, besides the layer. */
export interface Packing {
  readonly compression: string;
  readonly level: number;
  /** Names the program and version that packs. */
  readonly packer: string;
}

/** Compresses layers that a source has uncompressed. The same layer always becomes the same bytes, so that one that was packed can be packed again instead of being kept. */
export interface LayerPacker {
  readonly packing: Packing;
  /** The media type of a layer once it is packed; undefined for one that is to stay as it is. */
  packedType(mediaType: string): string | undefined;
  /** Compresses while it is read. What reading the layer throws comes through. */
  pack(layer: ByteStream): ByteStream;
}
