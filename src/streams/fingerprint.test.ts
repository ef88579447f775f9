import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFingerprint } from './fingerprint.ts';

function fingerprintOf(...chunks: readonly Uint8Array[]): string {
  const fingerprint = createFingerprint();
  for (const chunk of chunks) fingerprint.update(chunk);
  return fingerprint.value();
}

const bytes = fc.uint8Array({ maxLength: 300 });

test('equal bytes have the same fingerprint, however they are cut', () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 6 }), (chunks) => {
      expect(fingerprintOf(...chunks)).toBe(fingerprintOf(Buffer.concat(chunks)));
    }),
  );
});

test('other bytes have another one: one bit, an order, a zero at the end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (original, place, bit) => {
      const changed = original.slice();
      changed[place % changed.length]! ^= 1 << bit;
      expect(fingerprintOf(changed)).not.toBe(fingerprintOf(original));
      expect(fingerprintOf(original, new Uint8Array(1))).not.toBe(fingerprintOf(original));
    }),
  );
  const [first, second] = [new Uint8Array(64).fill(1), new Uint8Array(64).fill(2)];
  expect(fingerprintOf(first, second)).not.toBe(fingerprintOf(second, first));
});
