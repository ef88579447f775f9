import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration } from './format-quantity.ts';

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [198 * 2 ** 20, '198 MiB'],
    [2 * 2 ** 30, '2.0 GiB'],
  ])('writes %d as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it('never takes more than nine characters below a pebibyte', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat().map((value) => value % 2 ** 50),
        (bytes) => formatBytes(bytes).length <= 9,
      ),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0.0 s'],
    [9940, '9.9 s'],
    [9950, '10 s'],
    [59_600, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_620_000, '2 h 07 min'],
  ])('writes %d ms as %s', (durationMs, text) => expect(formatDuration(durationMs)).toBe(text));
});

describe('formatCount', () => {
  it('knows one from many', () => {
    expect([formatCount(1, 'blob'), formatCount(0, 'blob'), formatCount(2, 'blob')]).toEqual(['1 blob', '0 blobs', '2 blobs']);
  });
});
