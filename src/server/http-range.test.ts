import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseHttpRange } from './http-range.ts';

it('gives bytes that lie within the object, for every header', () => {
  const headers = fc.oneof(fc.stringMatching(/^bytes=\d{0,5}-\d{0,5}$/), fc.string());
  fc.assert(
    fc.property(headers, fc.nat(100_000), (header, size) => {
      const range = parseHttpRange(header, size);
      if (range === undefined || range === 'unsatisfiable') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start).toBeLessThan(range.end);
      expect(range.end).toBeLessThanOrEqual(size);
    }),
  );
});

it('can satisfy no range of nothing', () => {
  expect(parseHttpRange('bytes=0-', 0)).toBe('unsatisfiable');
  expect(parseHttpRange('bytes=-5', 0)).toBe('unsatisfiable');
});
