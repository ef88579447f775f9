import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketError } from '../errors/bucket-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { createByteBudget } from './byte-budget.ts';
import { createConnectionLimit } from './connection-limit.ts';
import { readRanges, type ReadRangesOptions } from './read-ranges.ts';
import type { OpenRange } from './resume-range.ts';

const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 17 + (index >> 8)) % 253);

/** Time that passes only by sleeping. */
function createTestClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return { slept, now: () => 0, random: () => 0.5, sleep: async (durationMs) => void slept.push(durationMs) };
}

interface Store {
  readonly openRange: OpenRange;
  requests: number;
  open: number;
  mostOpen: number;
  /** Bodies that were read to their end. */
  whole: number;
}

/** A store of one object. `breakAfter` ends the n-th body so many bytes too early, by an error or silently. */
function createStore(
  bytes: Uint8Array,
  { ignoresRanges = false, breakAfter = new Map<number, number>(), breaksSilently = false } = {},
): Store {
  async function* body(given: Uint8Array, stopAfter: number = Infinity): ByteStream {
    store.mostOpen = Math.max(store.mostOpen, ++store.open);
    try {
      for (let offset = 0; offset < given.byteLength; offset += 7) {
        if (offset >= stopAfter) {
          if (breaksSilently) return;
          throw new BucketError('connection-failed', 'Cannot read: reset');
        }
        await new Promise((resolve) => setImmediate(resolve));
        yield given.subarray(offset, offset + 7);
      }
      store.whole += 1;
    } finally {
      store.open -= 1;
    }
  }
  const store: Store = {
    requests: 0,
    open: 0,
    mostOpen: 0,
    whole: 0,
    async openRange(start, end) {
      store.requests += 1;
      const given = ignoresRanges ? bytes : bytes.subarray(start, end);
      return { start: ignoresRanges ? 0 : start, contentLength: given.byteLength, body: body(given, breakAfter.get(store.requests)) };
    },
  };
  return store;
}

function optionsFor(bytes: Uint8Array, more: Partial<ReadRangesOptions> = {}): ReadRangesOptions & { readonly clock: Clock } {
  return {
    start: 0,
    end: bytes.byteLength,
    rangeBytes: 50,
    budget: createByteBudget(1000),
    connections: createConnectionLimit(4),
    clock: createTestClock(),
    ...more,
  };
}

async function readWhole(stream: ByteStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('any stretch comes in order, byte for byte, whatever the range size and the budget, and nothing stays held', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 600 }),
      fc.nat(600),
      fc.nat(600),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 0, max: 500 }),
      fc.boolean(),
      async (size, a, b, rangeBytes, budgetBytes, ignoresRanges) => {
        const bytes = pattern(size);
        const [start, end] = [Math.min(a, b, size), Math.min(Math.max(a, b), size)];
        const store = createStore(bytes, { ignoresRanges });
        const options = optionsFor(bytes, { start, end, rangeBytes, budget: createByteBudget(budgetBytes) });
        expect((await readWhole(readRanges(store.openRange, options))).equals(bytes.subarray(start, end))).toBe(true);
        expect([store.open, options.budget.heldBytes]).toEqual([0, 0]);
      },
    ),
    { numRuns: 60 },
  );
});

test('ranges come side by side, as many as there are connections', async () => {
  const bytes = pattern(1000);
  const store = createStore(bytes);
  await readWhole(readRanges(store.openRange, optionsFor(bytes)));
  expect(store.mostOpen).toBe(4);
  expect(store.requests).toBe(20);
});

test('answers are read to their end, so that their connections can be used again', async () => {
  const bytes = pattern(1000);
  const store = createStore(bytes);
  await readWhole(readRanges(store.openRange, optionsFor(bytes)));
  expect(store.whole).toBe(20);
});

test('where all of the budget is held by others, the reader gets on with one range at a time', async () => {
  const bytes = pattern(1000);
  const store = createStore(bytes);
  const budget = createByteBudget(1000);
  await budget.acquire(500);
  await budget.acquire(500);
  expect((await readWhole(readRanges(store.openRange, optionsFor(bytes, { budget })))).equals(bytes)).toBe(true);
  expect(store.mostOpen).toBe(1);
});

test.each([false, true])('a range that breaks off is resumed behind its last byte (silently: %s)', async (breaksSilently) => {
  const bytes = pattern(200);
  const store = createStore(bytes, { breakAfter: new Map([[2, 21]]), breaksSilently });
  const clock = createTestClock();
  expect((await readWhole(readRanges(store.openRange, optionsFor(bytes, { clock })))).equals(bytes)).toBe(true);
  expect(store.requests).toBe(5);
  expect(clock.slept).toEqual([150]);
});

test('a range that breaks again and again without a byte fails with what broke it', async () => {
  const bytes = pattern(200);
  const store = createStore(bytes, { breakAfter: new Map(Array.from({ length: 99 }, (_, index) => [index + 1, 0])) });
  const options = optionsFor(bytes);
  await expect(readWhole(readRanges(store.openRange, options))).rejects.toMatchObject({ code: 'connection-failed' });
  expect(options.budget.heldBytes).toBe(0);
});

test('an error that no other try mends is thrown at once', async () => {
  const clock = createTestClock();
  const open: OpenRange = async () => Promise.reject(new BucketError('access-denied', 'Cannot read: denied'));
  await expect(readWhole(readRanges(open, optionsFor(pattern(100), { clock })))).rejects.toMatchObject({ code: 'access-denied' });
  expect(clock.slept).toEqual([]);
});

test('where ranges are ignored, the object is read as one stream as soon as that shows', async () => {
  const bytes = pattern(1000);
  const store = createStore(bytes, { ignoresRanges: true });
  const connections = createConnectionLimit(2);
  expect((await readWhole(readRanges(store.openRange, optionsFor(bytes, { connections })))).equals(bytes)).toBe(true);
  expect(store.requests).toBeLessThanOrEqual(5);
});

test('a reader that leaves early stops what is under way and gives its bytes back', async () => {
  const bytes = pattern(1000);
  const store = createStore(bytes);
  const options = optionsFor(bytes);
  for await (const _ of readRanges(store.openRange, options)) break;
  expect(options.budget.heldBytes).toBe(0);
  expect(store.open).toBe(0);
  expect(store.requests).toBeLessThan(10);
});

test('an abort while a range is read ends with code aborted', async () => {
  const bytes = pattern(1000);
  const abort = new AbortController();
  const options = optionsFor(bytes, { signal: abort.signal });
  const open: OpenRange = (_start, _end, signal) =>
    new Promise((_, reject) => {
      const fail = (): void => reject(new BucketError('connection-failed', 'Cannot read: closed'));
      signal.addEventListener('abort', fail);
      abort.abort();
      if (signal.aborted) fail();
    });
  await expect(readWhole(readRanges(open, options))).rejects.toMatchObject({ code: 'aborted' });
  expect(options.budget.heldBytes).toBe(0);
});
