import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesSource, sliceSource } from './byte-source.ts';
import { readAll } from './read-all.ts';

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);

describe('byte sources', () => {
  it('give the same bytes each time they are opened', async () => {
    const source = bytesSource(bytes);
    for (let round = 0; round < 2; round += 1) expect(await readAll(source.open(), 100, 'it')).toEqual(bytes);
  });

  it('slice as arrays do, also a slice of a slice', async () => {
    const position = fc.nat({ max: 100 });
    await fc.assert(
      fc.asyncProperty(position, position, position, position, async (a, b, c, d) => {
        const [start, end] = a < b ? [a, b] : [b, a];
        const slice = sliceSource(bytesSource(bytes), start, end);
        const inner = { start: Math.min(c, d) % (slice.size + 1), end: slice.size };
        expect(slice.size).toBe(end - start);
        expect(await readAll(slice.open(inner), 100, 'it')).toEqual(bytes.slice(start, end).slice(inner.start));
      }),
    );
  });
});
