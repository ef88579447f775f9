import { RegistryError } from '../errors/registry-error.ts';
import { mediaTypes } from '../oci/media-types.ts';

/** How layers can be compressed. */
export type LayerCompression = 'gzip' | 'zstd';

/** What a compression is to an image. */
interface CompressionFacts {
  /** The level that is used where none is chosen: fast rather than small, since the link is seldom as slow as a high level (docs/decisions/0008-packing.md). */
  readonly defaultLevel: number;
  readonly maxLevel: number;
  /** What layers of each media type become. Docker's own types know no zstd. */
  readonly packedTypes: ReadonlyMap<string, string>;
}

export const compressionFacts: Readonly<Record<LayerCompression, CompressionFacts>> = {
  gzip: {
    defaultLevel: 4,
    maxLevel: 9,
    packedTypes: new Map<string, string>([
      [mediaTypes.layer, mediaTypes.layerGzip],
      [mediaTypes.dockerLayer, mediaTypes.dockerLayerGzip],
    ]),
  },
  zstd: { defaultLevel: 3, maxLevel: 22, packedTypes: new Map<string, string>([[mediaTypes.layer, mediaTypes.layerZstd]]) },
};

/**
 * A level as the compression understands it; its default where none is given.
 * @throws RegistryError `usage-invalid`
 */
export function checkCompressionLevel(compression: LayerCompression, level?: number): number {
  const { defaultLevel, maxLevel } = compressionFacts[compression];
  if (level === undefined) return defaultLevel;
  if (Number.isInteger(level) && level >= 1 && level <= maxLevel) return level;
  throw new RegistryError('usage-invalid', `Cannot compress with ${compression} at level ${level}: wanted 1 to ${maxLevel}`);
}
