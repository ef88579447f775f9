import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrivedBytes } from './arrived-bytes.ts';

const never = new AbortController().signal;

test('the front is where the first gap begins, in whatever order pieces come', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 20 });
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.nat()), (inner, random) => {
      const bounds = [0, ...inner.toSorted((a, b) => a - b), 100];
      const pieces = bounds.slice(1).map((end, index) => ({ start: bounds[index] ?? 0, end, order: random.next().value }));
      const arrived = new ArrivedBytes();
      const isThere = new Set<number>();
      for (const { start, end } of pieces.toSorted((a, b) => a.order - b.order)) {
        arrived.add(start, end);
        for (let byte = start; byte < end; byte += 1) isThere.add(byte);
        let front = 0;
        while (isThere.has(front)) front += 1;
        expect(arrived.front).toBe(front);
      }
    }),
  );
});

test('a front that all comes again goes on to the end', () => {
  const arrived = new ArrivedBytes();
  arrived.add(0, 10);
  arrived.add(20, 30);
  for (let start = 0; start < 40; start += 5) arrived.add(start, start + 5);
  expect(arrived.front).toBe(40);
});

test('who waits goes on when the bytes are there, or when no more will come', async () => {
  const arrived = new ArrivedBytes();
  let isThere = false;
  const waiting = arrived.waitFor(10, never).then(() => (isThere = true));
  arrived.add(5, 10);
  await Promise.resolve();
  expect(isThere).toBe(false);
  arrived.add(0, 5);
  await waiting;
  const last = arrived.waitFor(20, never);
  arrived.end();
  await last;
});

test('waiting ends with code aborted', async () => {
  const stop = new AbortController();
  const waiting = new ArrivedBytes().waitFor(1, stop.signal);
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});
