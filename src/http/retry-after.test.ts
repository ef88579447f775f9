import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHttpDateMs, readRetryAfterMs } from './retry-after.ts';

const nowMs = Date.UTC(1994, 10, 6, 8, 49, 0);

describe('readRetryAfterMs', () => {
  test.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
    ['Sun Nov  6 08:49:37 1994', 37_000],
    ['Sun, 06 Nov 1994 08:48:00 GMT', 0],
  ])('reads %j', (value, wanted) => {
    expect(readRetryAfterMs({ 'retry-after': value }, nowMs)).toBe(wanted);
  });

  test.each(['', 'soon', '-5', '1.5', '99999999999999999999', '2026-01-01'])('reads nothing from %j', (value) => {
    expect(readRetryAfterMs({ 'retry-after': value }, nowMs)).toBeUndefined();
  });

  test('reads nothing where there is no header', () => {
    expect(readRetryAfterMs({}, nowMs)).toBeUndefined();
  });

  test('gives a finite wait or none, for any text', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const waitMs = readRetryAfterMs({ 'retry-after': value }, nowMs);
        expect(waitMs === undefined || (Number.isFinite(waitMs) && waitMs >= 0)).toBe(true);
      }),
    );
  });
});

test('every date that is written as HTTP has it is read back to the second', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(readHttpDateMs(date.toUTCString())).toBe(Math.floor(date.getTime() / 1000) * 1000);
    }),
  );
});
