import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BucketError } from '../errors/bucket-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { createByteBudget } from './byte-budget.ts';
import { createConnectionLimit } from './connection-limit.ts';
import type { OpenRange } from './resume-range.ts';
import { scatterRanges, type ScatterRangesOptions } from './scatter-ranges.ts';

const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 17 + (index >> 8)) % 253);
const clock: Clock = { now: () => 0, random: () => 0.5, sleep: async () => {} };

interface Store {
  readonly open: OpenRange;
  requests: number;
  bodies: number;
  mostBodies: number;
}

/** A store of one object whose bodies use one chunk's memory for all that they give. */
function createStore(bytes: Uint8Array, { ignoresRanges = false, breakAfter = new Map<number, number>() } = {}): Store {
  const store: Store = {
    requests: 0,
    bodies: 0,
    mostBodies: 0,
    async open(start, end) {
      store.requests += 1;
      const [from, to] = ignoresRanges ? [0, bytes.byteLength] : [start, end];
      return { start: from, contentLength: to - from, body: readBody(store, bytes.subarray(from, to), breakAfter.get(store.requests)) };
    },
  };
  return store;
}

async function* readBody(store: Store, bytes: Uint8Array, stopAfter: number = Infinity): ByteStream {
  store.mostBodies = Math.max(store.mostBodies, ++store.bodies);
  const memory = new Uint8Array(7);
  try {
    for (let offset = 0; offset < bytes.byteLength; offset += 7) {
      if (offset >= stopAfter) throw new BucketError('connection-failed', 'Cannot read: reset');
      await new Promise((resolve) => setImmediate(resolve));
      memory.set(bytes.subarray(offset, offset + 7));
      yield memory.subarray(0, Math.min(7, bytes.byteLength - offset));
    }
    memory.fill(0);
  } finally {
    store.bodies -= 1;
  }
}

async function scatter(store: Store, size: number, more: Partial<ScatterRangesOptions> = {}): Promise<Uint8Array> {
  const found = new Uint8Array(size);
  const write = async (piece: Uint8Array, position: number): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    found.set(piece, position);
  };
  await scatterRanges(store.open, write, {
    size,
    rangeBytes: 50,
    budget: createByteBudget(),
    connections: createConnectionLimit(4),
    clock,
    ...more,
  });
  return found;
}

test('every byte comes to its place, whatever the range size, breaks and whether ranges are known', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 20, max: 200 }),
      fc.boolean(),
      fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(60)), { maxLength: 3 }),
      async (size, rangeBytes, ignoresRanges, breaks) => {
        const bytes = pattern(size);
        const store = createStore(bytes, { ignoresRanges, breakAfter: new Map(breaks) });
        expect(Buffer.from(await scatter(store, size, { rangeBytes })).equals(bytes)).toBe(true);
        expect(store.bodies).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

test('ranges come side by side, as many as there are connections', async () => {
  const store = createStore(pattern(1000));
  await scatter(store, 1000);
  expect([store.requests, store.mostBodies]).toEqual([20, 4]);
});

test('no more come at once than there is memory for, and all of it is given back', async () => {
  const store = createStore(pattern(1000));
  const budget = createByteBudget(2 * 2 ** 20);
  await scatter(store, 1000, { budget });
  expect(store.mostBodies).toBe(2);
  expect(budget.heldBytes).toBe(0);
});

test('of two blobs the one that began first has the first turns, and what is small goes before both', async () => {
  const connections = createConnectionLimit(1);
  const order: string[] = [];
  let small: Promise<unknown> | undefined;
  const blob = (name: string): Promise<Uint8Array> => {
    const store = createStore(pattern(150));
    const open: OpenRange = (start, end, signal) => {
      order.push(name);
      small ??= connections.run(async () => void order.push('small'));
      return store.open(start, end, signal);
    };
    return scatter({ ...store, open }, 150, { connections });
  };
  await Promise.all([blob('first'), blob('second')]);
  await small;
  expect(order).toEqual(['first', 'small', 'first', 'first', 'second', 'second', 'second']);
});

test('the end of a range whose connection is slow comes over another one, and every byte is right', async () => {
  const size = 2_000_000;
  const bytes = pattern(size);
  let nowMs = 0;
  const requests: (readonly [number, number])[] = [];
  const open: OpenRange = async (start, end) => {
    requests.push([start, end]);
    const isSlow = start === 0;
    async function* body(): ByteStream {
      for (let offset = start; offset < end; offset += 50_000) {
        for (let turn = 0; turn < (isSlow ? 30 : 1); turn += 1) await new Promise((resolve) => setImmediate(resolve));
        nowMs += isSlow ? 0 : 50;
        yield bytes.subarray(offset, Math.min(end, offset + 50_000));
      }
    }
    return { start, contentLength: end - start, body: body() };
  };
  const store: Store = { open, requests: 0, bodies: 0, mostBodies: 0 };
  const found = await scatter(store, size, { rangeBytes: 1_000_000, clock: { ...clock, now: () => nowMs } });
  expect(Buffer.from(found).equals(bytes)).toBe(true);
  expect(requests.slice(0, 2)).toEqual([
    [0, 1_000_000],
    [1_000_000, 2_000_000],
  ]);
  expect(requests[2]?.[1]).toBe(1_000_000);
});

test('what writing throws comes through, and stops all that is under way', async () => {
  const store = createStore(pattern(10_000));
  const full = new Error('the disk is full');
  const options = { size: 10_000, rangeBytes: 50, budget: createByteBudget(), connections: createConnectionLimit(4), clock };
  await expect(scatterRanges(store.open, () => Promise.reject(full), options)).rejects.toBe(full);
  expect(store.bodies).toBe(0);
  expect(store.requests).toBeLessThan(10);
});

test('an abort ends with code aborted', async () => {
  const store = createStore(pattern(10_000));
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  await expect(scatter(store, 10_000, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
});
