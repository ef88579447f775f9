import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseDigest } from '../oci/digest.ts';
import { formatPackedBlob, formatPackRecipe, type PackRecipe, parsePackedBlob } from './pack-recipe.ts';

const digest = parseDigest(`sha256:${'ab'.repeat(32)}`);
const recipe: PackRecipe = { diffId: digest, compression: 'gzip', level: 4, packer: 'bucketry-1 zlib-1.3' };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const parse = (body: string) => parsePackedBlob(new TextEncoder().encode(body));

describe('a pack recipe', () => {
  it('has one text, in which each thing that shapes the bytes stands', () => {
    expect(text(formatPackRecipe(recipe))).toBe(`{"diffId":"${digest}","compression":"gzip","level":4,"packer":"bucketry-1 zlib-1.3"}`);
    const changes: Partial<PackRecipe>[] = [
      { diffId: parseDigest(`sha256:${'cd'.repeat(32)}`) },
      { compression: 'zstd' },
      { level: 5 },
      { packer: 'other' },
    ];
    const texts = [recipe, ...changes.map((change) => ({ ...recipe, ...change }))].map((one) => text(formatPackRecipe(one)));
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('is recorded as the digest and the size of a blob, and nothing else of what it is given', () => {
    const blob = { mediaType: 'text/plain', size: 12, digest };
    expect(text(formatPackedBlob(blob))).toBe(`{"digest":"${digest}","size":12}`);
    fc.assert(
      fc.property(fc.maxSafeNat(), (size) => {
        expect(parsePackedBlob(formatPackedBlob({ digest, size }))).toEqual({ digest, size });
      }),
    );
  });

  it('is read with members that are not known, which are left out', () => {
    expect(parse(`{"more":[],"size":1,"digest":"${digest}"}`)).toEqual({ digest, size: 1 });
  });

  it.each([
    ['no JSON', 'recipe'],
    ['no object', '[]'],
    ['no digest', '{"size":1}'],
    ['a digest of another algorithm', '{"digest":"md5:00","size":1}'],
    ['no size', `{"digest":"${digest}"}`],
    ['a negative size', `{"digest":"${digest}","size":-1}`],
    ['half a byte', `{"digest":"${digest}","size":0.5}`],
  ])('is refused with %s', (_, body) => {
    expect(codeOf(() => parse(body))).toBe('format-invalid');
  });
});
