import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseDigest } from '../oci/digest.ts';
import { fallbackTagOf } from '../oci/fallback-tag.ts';
import { isBucketTag, parseBucketTag } from './bucket-tag.ts';

const sha256 = parseDigest(`sha256:${'0f'.repeat(32)}`);
const sha512 = parseDigest(`sha512:${'0f'.repeat(64)}`);

describe('tags in a bucket', () => {
  it('are not the fallback tags, which are derived', () => {
    for (const digest of [sha256, sha512]) {
      const tag = fallbackTagOf(digest);
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
  ])('may be "%s"', (text) => {
    expect(parseBucketTag(text)).toBe(text);
    expect(isBucketTag(text)).toBe(true);
  });

  it.each(['', '.a', '-a', 'a/b', 'a:b', 'é', 'a'.repeat(129)])('are never "%s"', (text) => {
    expect(codeOf(() => parseBucketTag(text))).toBe('tag-invalid');
    expect(isBucketTag(text)).toBe(false);
  });
});
