import fc from 'fast-check';
import { expect, test } from 'vitest';
import { partBytes, planParts } from './part-plan.ts';

test('parts follow each other from the first byte to the last, numbered from 1, all but the last of the part size', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 700 }), (size, partSize) => {
      const parts = planParts(size, partSize);
      expect(parts.map(({ partNumber }) => partNumber)).toEqual(parts.map((_, index) => index + 1));
      expect(parts[0]?.start).toBe(0);
      expect(parts.at(-1)?.end).toBe(size);
      for (const [index, part] of parts.slice(0, -1).entries()) {
        expect(partBytes(part)).toBe(partSize);
        expect(parts[index + 1]?.start).toBe(part.end);
      }
    }),
  );
});

test('no bytes have no parts', () => {
  expect(planParts(0, 5)).toEqual([]);
});
