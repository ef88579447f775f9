import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { maxBlobBytes, maxPartBytes, maxParts, minPartBytes, partSizeOf } from './part-size.ts';

const mebibyte = 2 ** 20;
const sizes = fc.oneof(
  fc.integer({ min: 8 * mebibyte + 1, max: maxBlobBytes }),
  fc.integer({ min: 8 * mebibyte + 1, max: 400 * mebibyte }),
  // Around the steps of the function.
  fc.tuple(fc.integer({ min: 1, max: 313 }), fc.integer({ min: -3, max: 3 })).map(([waves, offset]) => waves * 320 * mebibyte + offset),
);

describe('partSizeOf', () => {
  it('sends up to 8 MiB with one PUT', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8 * mebibyte }), (size) => {
        expect(partSizeOf(size)).toBeUndefined();
      }),
    );
  });

  it('keeps within the bounds of S3 for every size', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const partSize = partSizeOf(size)!;
        expect(Number.isSafeInteger(partSize)).toBe(true);
        expect(partSize).toBeGreaterThanOrEqual(minPartBytes);
        expect(partSize).toBeLessThanOrEqual(maxPartBytes);
        expect(Math.ceil(size / partSize)).toBeLessThanOrEqual(maxParts);
      }),
      { numRuns: 2_000 },
    );
  });

  it('fills whole waves of 32 connections above 160 MiB, with parts of at most 10 MiB up to 97.5 GiB', () => {
    fc.assert(
      fc.property(fc.integer({ min: 160 * mebibyte + 1, max: 97.5 * 1024 * mebibyte }), (size) => {
        const partSize = partSizeOf(size)!;
        expect(Math.ceil(size / partSize) % 32).toBe(0);
        expect(partSize).toBeLessThanOrEqual(10 * mebibyte);
      }),
    );
  });

  it('ends at 9,984 parts of 5 GiB', () => {
    expect(maxBlobBytes).toBe(53_601_191_854_080);
    expect(partSizeOf(maxBlobBytes)).toBe(maxPartBytes);
    expect(codeOf(() => partSizeOf(maxBlobBytes + 1))).toBe('object-too-large');
  });

  it('is the table of docs/bucket-layout.md', () => {
    const document = readFileSync(new URL('../../docs/bucket-layout.md', import.meta.url), 'utf8');
    const rows = [...document.matchAll(/^\| [\d.]+ [MGT]iB(?: \+ 1)? \| ([\d,]+) \| ([\d,–]+) \| ([\d,]+|one PUT) \| ([\d,]*) ?\|$/gm)];
    expect(rows.length).toBe(12);
    for (const [row, ...cells] of rows) {
      const [size = 0, part, parts = 1, last = 0] = cells.map((cell) => Number(cell.replaceAll(',', '')) || undefined);
      expect(partSizeOf(size), row).toBe(part);
      if (part !== undefined) expect([Math.ceil(size / part), size - (parts - 1) * part], row).toEqual([parts, last]);
    }
  });
});
