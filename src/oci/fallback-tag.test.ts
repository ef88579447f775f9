import { describe, expect, it } from 'vitest';
import { parseDigest } from './digest.ts';
import { fallbackTagOf, isFallbackTag } from './fallback-tag.ts';
import { isTag } from './repository-name.ts';

const sha256 = parseDigest(`sha256:${'0f'.repeat(32)}`);
const sha512 = parseDigest(`sha512:${'0f'.repeat(64)}`);

describe('fallback tags', () => {
  it('are the digest with a dash, the encoded part cut to 64 characters', () => {
    expect(fallbackTagOf(sha256)).toBe(`sha256-${'0f'.repeat(32)}`);
    expect(fallbackTagOf(sha512)).toBe(`sha512-${'0f'.repeat(32)}`);
  });

  it('are tags, and known by their spelling', () => {
    for (const digest of [sha256, sha512]) {
      expect(isTag(fallbackTagOf(digest))).toBe(true);
      expect(isFallbackTag(fallbackTagOf(digest))).toBe(true);
    }
  });

  it.each([
    `sha256-${'0f'.repeat(32)}.sig`,
    `sha256-${'0f'.repeat(31)}`,
    `sha384-${'0f'.repeat(32)}`,
    `sha256-${'0F'.repeat(32)}`,
    'latest',
  ])('are not what only resembles them: "%s"', (text) => {
    expect(isFallbackTag(text)).toBe(false);
  });
});
