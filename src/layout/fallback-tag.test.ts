import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseDigest } from '../oci/digest.ts';
import { fallbackTagOf, isBucketTag, isFallbackTag, parseBucketTag } from './fallback-tag.ts';

const sha256 = parseDigest(`sha256:${'0f'.repeat(32)}`);
const sha512 = parseDigest(`sha512:${'0f'.repeat(64)}`);

describe('fallback tags', () => {
  it('are the digest with a dash, the encoded part cut to 64 characters', () => {
    expect(fallbackTagOf(sha256)).toBe(`sha256-${'0f'.repeat(32)}`);
    expect(fallbackTagOf(sha512)).toBe(`sha512-${'0f'.repeat(32)}`);
  });

  it('are no tags that a user may set', () => {
    for (const digest of [sha256, sha512]) {
      const tag = fallbackTagOf(digest);
      expect(isFallbackTag(tag)).toBe(true);
      expect(isBucketTag(tag)).toBe(false);
      expect(codeOf(() => parseBucketTag(tag))).toBe('tag-invalid');
      expect(() => parseBucketTag(tag)).toThrow(/which is derived$/);
    }
  });

  it.each([
    `sha256-${'0f'.repeat(32)}.sig`,
    `sha256-${'0f'.repeat(31)}`,
    `sha384-${'0f'.repeat(32)}`,
    `sha256-${'0F'.repeat(32)}`,
    'latest',
    '_',
  ])('leave "%s" to users', (text) => {
    expect(isFallbackTag(text)).toBe(false);
    expect(parseBucketTag(text)).toBe(text);
    expect(isBucketTag(text)).toBe(true);
  });

  it.each(['', '.a', '-a', 'a/b', 'a:b', 'é', 'a'.repeat(129)])('do not make "%s" a tag', (text) => {
    expect(codeOf(() => parseBucketTag(text))).toBe('tag-invalid');
    expect(isBucketTag(text)).toBe(false);
  });
});
