import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSimulatedTime, type SimulatedTime } from '../../test/time/simulated-time.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { digestHex } from '../streams/hasher.ts';
import { createByteBudget } from './byte-budget.ts';
import { chunksSource } from './chunks-source.ts';
import { createConnectionLimit } from './connection-limit.ts';
import type { PartBytes, Resending, SendPart } from './part-attempts.ts';
import { planParts } from './part-plan.ts';
import { sendParts } from './send-parts.ts';

/** A byte stands for some KiB: what counts are proportions. */
const partSize = 1000;

/** What a run showed. */
interface Run {
  readonly durationMs: number;
  readonly sentBytes: number;
  readonly progress: number;
  readonly results: readonly string[];
  readonly stillRunning: number;
}

interface Link {
  readonly parts: number;
  readonly connections: number;
  /** Milliseconds that a connection takes for a part. */
  readonly partMs: (connection: number) => number;
  /** What the store calls a part that came by this connection; the same for all, if left out. */
  readonly nameOf?: (partNumber: number, connection: number) => string;
  readonly fails?: (partNumber: number, attempt: number) => boolean;
}

/** Sends parts over connections that keep their speed, as those of a balanced store do. */
async function send(link: Link, resending?: (time: SimulatedTime) => Partial<Resending<string>>): Promise<Run> {
  const { parts, connections, partMs, nameOf = (partNumber) => `part ${partNumber}`, fails } = link;
  const time = createSimulatedTime();
  const bytes = Uint8Array.from({ length: parts * partSize }, (_, index) => index % 251);
  const chunks = Array.from({ length: parts * 10 }, (_, index) => bytes.subarray((index * partSize) / 10, ((index + 1) * partSize) / 10));
  const source = chunksSource(chunks);
  const free = Array.from({ length: connections }, (_, index) => index);
  const attempts = new Map<number, number>();
  let [sentBytes, progress, stillRunning] = [0, 0, 0];

  const transmit = async ({ outgoing }: PartBytes, connection: number, signal: AbortSignal): Promise<void> => {
    for await (const chunk of outgoing.open({ signal })) {
      sentBytes += chunk.byteLength;
      await time.sleep((partMs(connection) * chunk.byteLength) / partSize, signal);
    }
  };
  const sendPart: SendPart<string> = async ({ partNumber }, part, signal) => {
    const attempt = (attempts.get(partNumber) ?? 0) + 1;
    attempts.set(partNumber, attempt);
    const connection = free.shift() ?? -1;
    stillRunning += 1;
    try {
      await transmit(part, connection, signal);
      if (fails?.(partNumber, attempt)) throw new BucketError('storage-full', `Cannot write part ${partNumber}`);
      return nameOf(partNumber, connection);
    } finally {
      stillRunning -= 1;
      free.push(connection);
    }
  };
  const results = await time.run(() =>
    sendParts(
      source,
      { digest: `sha256:${digestHex('sha256', bytes)}`, size: bytes.byteLength },
      planParts(bytes.byteLength, partSize),
      sendPart,
      {
        budget: createByteBudget(bytes.byteLength * 2),
        connections: createConnectionLimit(connections),
        onProgress: (moved) => void (progress += moved),
        ...(resending && {
          resending: { clock: time, isOnlyAnswer: async () => true, findLast: async (_, [first = '']) => first, ...resending(time) },
        }),
      },
    ),
  );
  return { durationMs: time.now(), sentBytes, progress, results, stillRunning };
}

const oneInEightSlow: Link = { parts: 32, connections: 32, partMs: (connection) => (connection % 8 === 0 ? 1250 : 250) };
const names = (parts: number): string[] => Array.from({ length: parts }, (_, index) => `part ${index + 1}`);

describe('with one connection in eight five times slower', () => {
  test('sending late parts again makes an upload at least 1.4 times faster, for at most a tenth more bytes', async () => {
    const [once, again] = [await send(oneInEightSlow), await send(oneInEightSlow, () => ({}))];
    expect(once.durationMs / again.durationMs).toBeGreaterThan(1.4);
    expect(again.sentBytes).toBeLessThanOrEqual(32 * partSize * 1.1);
    expect(again.results).toEqual(names(32));
  });

  test('what was sent in vain is no progress, and nothing goes on behind the end', async () => {
    const { progress, stillRunning } = await send(oneInEightSlow, () => ({}));
    expect([progress, stillRunning]).toEqual([32 * partSize, 0]);
  });
});

test('connections that are all alike send every part once', async () => {
  const { sentBytes } = await send({ parts: 100, connections: 8, partMs: () => 250 }, () => ({}));
  expect(sentBytes).toBeCloseTo(100 * partSize);
});

test('an upload of fewer than ten parts sends none twice: one would be more than a tenth', async () => {
  const { sentBytes } = await send({ parts: 9, connections: 9, partMs: (connection) => (connection === 0 ? 5000 : 100) }, () => ({}));
  expect(sentBytes).toBeCloseTo(9 * partSize);
});

test('a part that fails is saved by its second request', async () => {
  const fails: Link['fails'] = (partNumber, attempt) => partNumber === 1 && attempt === 1;
  const { results } = await send({ ...oneInEightSlow, partMs: (connection) => (connection === 0 ? 2000 : 1000), fails }, () => ({}));
  expect(results).toEqual(names(32));
});

describe('where the store names each request differently', () => {
  const opaque: Link = { ...oneInEightSlow, nameOf: (partNumber, connection) => `part ${partNumber} by ${connection}` };

  test('both requests are waited for, and the store says which one holds', async () => {
    const asked: (readonly string[])[] = [];
    const { results, stillRunning } = await send(opaque, () => ({
      isOnlyAnswer: async () => false,
      async findLast(_, answers) {
        asked.push(answers);
        return answers.at(-1) ?? '';
      },
    }));
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((answers) => answers.length === 2 && answers[0] !== answers[1])).toBe(true);
    for (const [, last] of asked) expect(results).toContain(last);
    expect(stillRunning).toBe(0);
  });

  test('what the store cannot tell fails the upload', async () => {
    const findLast = (): Promise<string> => Promise.reject(new BucketError('part-invalid', 'Cannot tell'));
    await expect(send(opaque, () => ({ isOnlyAnswer: async () => false, findLast }))).rejects.toMatchObject({ code: 'part-invalid' });
  });
});

test('whatever the connections are like, all parts arrive, and at most a tenth is sent in vain', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 12 }),
      async (parts, speeds) => {
        const link = { parts, connections: speeds.length, partMs: (connection: number) => speeds[connection] ?? 1 };
        const { sentBytes, results, progress, stillRunning } = await send(link, () => ({}));
        expect(results).toEqual(names(parts));
        expect(sentBytes).toBeLessThanOrEqual(parts * partSize * 1.1 + 1e-6);
        expect([progress, stillRunning]).toEqual([parts * partSize, 0]);
      },
    ),
    { numRuns: 40 },
  );
});
