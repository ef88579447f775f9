import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode } from '../errors/coded-error.ts';
import { maxKeyBytes, toObjectKey } from './object-key.ts';

describe('toObjectKey', () => {
  it.each(['v2/', 'a', 'v2/team/app/blobs/sha256:00', 'ü/+ ~', 'a'.repeat(maxKeyBytes)])('takes %j', (key) => {
    expect(toObjectKey(key)).toBe(key);
  });

  it.each(['', '/', '/a', 'a//b', 'a/../b', '../a', '.', 'a/./b', 'a//', 'a\u0000', 'a\nb', '\ud800', 'ü'.repeat(513)])(
    'refuses %j',
    (key) => {
      expect(() => toObjectKey(key)).toThrow(/Cannot use/);
    },
  );

  it('throws nothing but key-invalid, and never passes a key that leaves its folder', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[./a]{0,12}$/)), (text) => {
        try {
          expect(`/${toObjectKey(text)}/`).not.toMatch(/\/\.{0,2}\/./);
        } catch (error) {
          expect(hasCode(error, 'key-invalid')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
