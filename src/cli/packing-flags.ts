import { RegistryError } from '../errors/registry-error.ts';
import type { LayerPacker } from '../transfer/layer-packer.ts';
import type { FlagValues, TextFlag } from './flags.ts';

/** Of commands that pack layers. */
export const packingFlags: PackingFlags = {
  compression: {
    kind: 'text',
    value: 'HOW',
    choices: ['gzip', 'zstd', 'none'],
    default: 'gzip',
    doc: 'How layers are packed that arrive uncompressed, as most archives of `docker save` have them; all others stay as they are. zstd is smaller and several times faster, and Docker before 23 cannot pull it.',
  },
  'compression-level': {
    kind: 'text',
    value: 'N',
    doc: 'More packs smaller and takes longer: 1 to 9 for gzip, 4 if left out; 1 to 22 for zstd, 3 if left out.',
  },
};

export type PackingFlags = {
  readonly compression: TextFlag & { readonly default: string };
  readonly 'compression-level': TextFlag;
};

/**
 * The packer that the flags ask for; undefined to leave layers as they are.
 * @throws RegistryError `usage-invalid`
 */
export async function createFlaggedPacker({
  compression,
  'compression-level': levelText,
}: FlagValues<PackingFlags>): Promise<LayerPacker | undefined> {
  if (levelText !== undefined && !/^\d{1,2}$/.test(levelText)) {
    throw new RegistryError('usage-invalid', `Cannot take --compression-level "${levelText}": wanted a number`);
  }
  if (compression !== 'gzip' && compression !== 'zstd') {
    if (levelText === undefined) return undefined;
    throw new RegistryError('usage-invalid', 'Cannot take --compression-level: with --compression none nothing is packed');
  }
  const { createLayerPacker } = await import('../packing/layer-packer.node.ts');
  return createLayerPacker(compression, levelText === undefined ? undefined : Number(levelText));
}
