import { describe, expect, test } from 'vitest';
import { hasCode } from '../errors/coded-error.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { checkCompressionLevel } from './compression.ts';
import { createLayerPacker } from './layer-packer.node.ts';

describe('a level', () => {
  test.each([
    ['gzip', undefined, 4],
    ['gzip', 9, 9],
    ['zstd', undefined, 3],
    ['zstd', 22, 22],
  ] as const)('of %s: %s is %d', (compression, level, wanted) => {
    expect(checkCompressionLevel(compression, level)).toBe(wanted);
  });

  test.each([
    ['gzip', 0],
    ['gzip', 10],
    ['zstd', 23],
    ['zstd', 1.5],
    ['gzip', Number.NaN],
  ] as const)('that %s does not have is refused: %d', (compression, level) => {
    expect(() => createLayerPacker(compression, level)).toThrow(expect.toSatisfy((error) => hasCode(error, 'usage-invalid')));
  });
});

test('only layers that are not packed, and have a packed type, get one', () => {
  const [gzip, zstd] = [createLayerPacker('gzip'), createLayerPacker('zstd')];
  const types = [mediaTypes.layer, mediaTypes.dockerLayer, mediaTypes.layerGzip, mediaTypes.layerZstd, 'text/plain'];
  expect(types.map((type) => gzip.packedType(type))).toEqual([
    mediaTypes.layerGzip,
    mediaTypes.dockerLayerGzip,
    undefined,
    undefined,
    undefined,
  ]);
  expect(types.map((type) => zstd.packedType(type))).toEqual([mediaTypes.layerZstd, undefined, undefined, undefined, undefined]);
});
