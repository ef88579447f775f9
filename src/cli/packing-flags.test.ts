import { describe, expect, it } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { createFlaggedPacker } from './packing-flags.ts';

describe('createFlaggedPacker', () => {
  it.each([
    ['gzip', undefined, mediaTypes.layerGzip],
    ['gzip', '9', mediaTypes.layerGzip],
    ['zstd', '19', mediaTypes.layerZstd],
  ])('packs with --compression %s --compression-level %s', async (compression, level, mediaType) => {
    const packer = await createFlaggedPacker({ compression, 'compression-level': level });
    expect(packer?.packedType(mediaTypes.layer)).toBe(mediaType);
  });

  it('packs nothing with --compression none', async () => {
    expect(await createFlaggedPacker({ compression: 'none', 'compression-level': undefined })).toBeUndefined();
  });

  it.each([
    ['gzip', '10'],
    ['gzip', '0'],
    ['zstd', '23'],
    ['zstd', 'fast'],
    ['gzip', '-1'],
    ['none', '3'],
  ])('refuses --compression %s --compression-level %s', async (compression, level) => {
    expect((await rejection(createFlaggedPacker({ compression, 'compression-level': level }))).code).toBe('usage-invalid');
  });
});
