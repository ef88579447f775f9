import type { ByteStream } from '../streams/byte-source.ts';
import { type CompressTrace, tracePoints } from '../streams/trace-points.ts';
import { checkCompressionLevel, compressionFacts, type LayerCompression } from './compression.ts';

/** Compresses layers, the same layer always to the same bytes; what `transfer/` calls a layer packer. */
export interface LayerPacker {
  /** All that shapes the bytes of a packed layer, besides the layer. */
  readonly packing: { readonly compression: LayerCompression; readonly level: number; readonly packer: string };
  /** The media type of a layer once it is packed; undefined for one that is packed already, or has no packed form. */
  packedType(mediaType: string): string | undefined;
  /** Compresses while it is read. */
  pack(layer: ByteStream): ByteStream;
}

/** To be raised when anything here makes other bytes of the same layer: the size of blocks, how they are joined, what stands around them. */
const packerVersion = 1;
/** The library that compresses, by its name in `process.versions`. */
const libraries: Readonly<Record<LayerCompression, string>> = { gzip: 'zlib', zstd: 'zstd' };

/**
 * A packer of one compression and level.
 * @throws RegistryError `usage-invalid` for a level that the compression does not have
 */
export function createLayerPacker(compression: LayerCompression, chosenLevel?: number): LayerPacker {
  const level = checkCompressionLevel(compression, chosenLevel);
  const compress = compressors[compression];
  return {
    packing: { compression, level, packer: describePacker(compression) },
    packedType: (mediaType) => compressionFacts[compression].packedTypes.get(mediaType),
    pack: (layer) =>
      tracePoints.compress.iterate(
        (trace) => (trace ? counted(compress(counted(layer, trace, 'bytesIn'), { level }), trace, 'bytesOut') : compress(layer, { level })),
        () => ({ format: compression, bytesIn: 0, bytesOut: 0 }),
      ),
  };
}

/** Each is loaded, and zlib with it, once there is a layer to compress: most images come compressed. */
const compressors: Readonly<Record<LayerCompression, (layer: ByteStream, options: { readonly level: number }) => ByteStream>> = {
  async *gzip(layer, options) {
    const { gzipInParallel } = await import('./parallel-gzip.node.ts');
    yield* gzipInParallel(layer, options);
  },
  async *zstd(layer, options) {
    const { zstdInParallel } = await import('./parallel-zstd.node.ts');
    yield* zstdInParallel(layer, options);
  },
};

/** Another version of the library, or one built for another processor, may find other matches. */
function describePacker(compression: LayerCompression): string {
  const library = libraries[compression];
  return `bucketry-${packerVersion} ${library}-${process.versions[library]} ${process.arch}`;
}

async function* counted(stream: ByteStream, trace: CompressTrace, member: 'bytesIn' | 'bytesOut'): ByteStream {
  for await (const chunk of stream) {
    trace[member] += chunk.byteLength;
    yield chunk;
  }
}
