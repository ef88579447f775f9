import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBytes } from './parse-bytes.ts';

test.each([
  ['8388608', 8_388_608],
  ['128MiB', 128 * 2 ** 20],
  ['128 MB', 128 * 2 ** 20],
  ['64k', 65_536],
  ['1.5g', 1.5 * 2 ** 30],
  ['10B', 10],
])('%s is %d bytes', (text, bytes) => {
  expect(parseBytes('memory', text, { least: 1 })).toBe(bytes);
});

test.each(['', 'MiB', '-1', '1e9', '12 parsecs', '1.', '.5M', 'Infinity', '0x10'])('%j is no number of bytes', (text) => {
  expect(() => parseBytes('memory', text, { least: 1 })).toThrow(/wanted a number of bytes/);
});

test.each(['1', '100G'])('%s is out of bounds', (text) => {
  expect(() => parseBytes('memory', text, { least: 2, most: 2 ** 30 })).toThrow('wanted 2 to 1073741824 bytes');
});

test('whatever is written, the answer is a whole number within the bounds or a mistake of the user', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\d{1,16}(\.\d{0,7})? ?[kKmMgGtT]?(i?[bB])?$/)), (text) => {
      try {
        const bytes = parseBytes('memory', text, { least: 3 });
        expect(Number.isSafeInteger(bytes) && bytes >= 3).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: 'usage-invalid' });
      }
    }),
  );
});
