import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BucketError } from '../errors/bucket-error.ts';
import { type ByteSource, bytesSource, type ByteStream } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import type { ExpectedContent } from '../streams/verify.ts';
import { createByteBudget } from './byte-budget.ts';
import { createConnectionLimit } from './connection-limit.ts';
import { planParts } from './part-plan.ts';
import type { SendPart } from './part-attempts.ts';
import { sendParts } from './send-parts.ts';

const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251);
const contentOf = (bytes: Uint8Array): ExpectedContent => ({ digest: `sha256:${digestHex('sha256', bytes)}`, size: bytes.byteLength });
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A source that comes in chunks of its own, cannot seek, and counts how often it was opened and left. */
function streamSource(bytes: Uint8Array, chunkBytes: number): ByteSource & { opened: number; closed: number } {
  const source = {
    size: bytes.byteLength,
    seekable: false,
    opened: 0,
    closed: 0,
    async *open(): ByteStream {
      source.opened += 1;
      try {
        for (let start = 0; start < bytes.byteLength; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
      } finally {
        source.closed += 1;
      }
    },
  };
  return source;
}

function createEngine(budgetBytes = 1000, connections = 4) {
  const budget = createByteBudget(budgetBytes);
  return { budget, connections: createConnectionLimit(connections) };
}

/** A store of parts. */
function collect(): { readonly parts: Map<number, Uint8Array>; readonly send: SendPart<number> } {
  const parts = new Map<number, Uint8Array>();
  return {
    parts,
    send: async (part, { outgoing }) => {
      await pause();
      parts.set(part.partNumber, new Uint8Array(await readAll(outgoing.open(), 1e6, 'a part')));
      return part.partNumber;
    },
  };
}

test('the parts put together are the source, whatever the sizes of chunks and parts, and it is read once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 800 }),
      fc.integer({ min: 20, max: 900 }),
      async (size, chunkBytes, partSize) => {
        const bytes = pattern(size);
        const source = streamSource(bytes, chunkBytes);
        const engine = createEngine();
        const { parts, send } = collect();
        const plan = planParts(size, partSize);
        const results = await sendParts(source, contentOf(bytes), plan, send, engine);
        expect(results).toEqual(plan.map(({ partNumber }) => partNumber));
        const whole = Buffer.concat(plan.map(({ partNumber }) => parts.get(partNumber) ?? new Uint8Array()));
        expect(whole.equals(bytes)).toBe(true);
        expect([source.opened, source.closed, engine.budget.heldBytes]).toEqual([1, 1, 0]);
      },
    ),
    { numRuns: 60 },
  );
});

test('no more is held in memory than the budget, and no more is sent at once than there are connections', async () => {
  const bytes = pattern(10_000);
  const engine = createEngine(1000, 3);
  let [running, mostRunning, mostHeld] = [0, 0, 0];
  const send: SendPart<void> = async () => {
    mostRunning = Math.max(mostRunning, ++running);
    mostHeld = Math.max(mostHeld, engine.budget.heldBytes);
    await pause();
    running -= 1;
  };
  await sendParts(streamSource(bytes, 64), contentOf(bytes), planParts(bytes.byteLength, 100), send, engine);
  expect(mostRunning).toBe(3);
  expect(mostHeld).toBeLessThanOrEqual(1000);
});

describe('nothing counts as sent when', () => {
  const bytes = pattern(1000);
  const plan = planParts(1000, 100);
  test.each([
    ['a byte differs', bytesSource(pattern(1000).fill(7, 999)), 'digest-mismatch'],
    ['the source ends early', bytesSource(bytes.subarray(0, 950)), 'size-mismatch'],
    ['the source goes on', bytesSource(pattern(1001)), 'size-mismatch'],
  ])('%s', async (_, source, code) => {
    const engine = createEngine();
    await expect(sendParts(source, contentOf(bytes), plan, collect().send, engine)).rejects.toMatchObject({ code });
    expect(engine.budget.heldBytes).toBe(0);
  });
});

test('a part that fails stops the reading and the other parts, which are waited for, and is what is thrown', async () => {
  const bytes = pattern(10_000);
  const source = streamSource(bytes, 10);
  const engine = createEngine();
  let running = 0;
  const sent: number[] = [];
  const send: SendPart<void> = async (part, _, signal) => {
    running += 1;
    await pause();
    running -= 1;
    if (part.partNumber === 5) throw new BucketError('storage-full', 'Cannot write: full');
    if (!signal.aborted) sent.push(part.partNumber);
  };
  await expect(sendParts(source, contentOf(bytes), planParts(10_000, 100), send, engine)).rejects.toMatchObject({ code: 'storage-full' });
  expect([running, source.closed, engine.budget.heldBytes]).toEqual([0, 1, 0]);
  expect(sent.length).toBeLessThan(20);
});

test('a part that fails frees a reader that waits for the budget', async () => {
  const bytes = pattern(400);
  const engine = createEngine(100, 2);
  const elsewhere = await engine.budget.acquire(50);
  const send: SendPart<void> = async () => Promise.reject(new BucketError('storage-full', 'Cannot write: full'));
  await expect(sendParts(bytesSource(bytes), contentOf(bytes), planParts(400, 50), send, engine)).rejects.toMatchObject({
    code: 'storage-full',
  });
  elsewhere.release();
  expect(engine.budget.heldBytes).toBe(0);
});

test('an abort ends it with code aborted and holds nothing back', async () => {
  const bytes = pattern(10_000);
  const engine = createEngine();
  const abort = new AbortController();
  const send: SendPart<void> = async (part) => {
    if (part.partNumber === 3) abort.abort();
    await pause();
  };
  const sent = sendParts(streamSource(bytes, 10), contentOf(bytes), planParts(10_000, 100), send, { ...engine, signal: abort.signal });
  await expect(sent).rejects.toMatchObject({ code: 'aborted' });
  expect(engine.budget.heldBytes).toBe(0);
});
