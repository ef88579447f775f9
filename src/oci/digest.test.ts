import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { digestAlgorithm, digestEncoded, isDigest, parseDigest } from './digest.ts';

const hex = (length: number) =>
  fc.array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: length, maxLength: length }).map((digits) => digits.join(''));
const anyDigest = fc.oneof(
  hex(64).map((encoded) => `sha256:${encoded}`),
  hex(128).map((encoded) => `sha512:${encoded}`),
);
const nearDigest = fc.oneof(
  fc.string(),
  fc
    .tuple(fc.constantFrom('sha256', 'sha512', 'sha384', 'SHA256', 'blake3', '', '__proto__'), fc.constantFrom(':', '', '::'), hex(64))
    .map((parts) => parts.join('')),
  anyDigest.map((digest) => `${digest}\n`),
);

describe('parseDigest', () => {
  test('takes every sha256 and sha512 digest, and splits it into its parts', () => {
    fc.assert(
      fc.property(anyDigest, (text) => {
        const digest = parseDigest(text);
        expect(`${digestAlgorithm(digest)}:${digestEncoded(digest)}`).toBe(text);
        expect(isDigest(text)).toBe(true);
      }),
    );
  });

  test('agrees with isDigest on any text, and throws nothing but coded errors', () => {
    fc.assert(
      fc.property(nearDigest, (text) => {
        expect('value' in parseOrCode(() => parseDigest(text))).toBe(isDigest(text));
      }),
    );
  });

  test.each([
    ['sha256', 'digest-invalid'],
    ['sha256:', 'digest-invalid'],
    [`sha256:${'A'.repeat(64)}`, 'digest-invalid'],
    [`sha256:${'a'.repeat(63)}`, 'digest-invalid'],
    [`sha256:${'a'.repeat(64)}\n`, 'digest-invalid'],
    ['../../etc/passwd', 'digest-invalid'],
    [`sha384:${'a'.repeat(96)}`, 'digest-unsupported'],
    ['sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564', 'digest-unsupported'],
  ])('refuses %j', (text, code) => {
    expect(codeOf(() => parseDigest(text))).toBe(code);
  });
});
