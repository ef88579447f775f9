import { expect, test } from 'vitest';
import { formatGzipTrailer, gzipHeader } from './gzip-member.ts';

test('the header has no name and no time', () => {
  expect([...gzipHeader]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
});

test.each([
  [0, 0],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2 ** 32, 0],
  [5 * 2 ** 32 + 7, 7],
])('the length of %d bytes is written as %d: it wraps at 4 GiB', (size, written) => {
  const trailer = new DataView(formatGzipTrailer(0xdeadbeef, size).buffer);
  expect(trailer.getUint32(0, true)).toBe(0xdeadbeef);
  expect(trailer.getUint32(4, true)).toBe(written);
});
