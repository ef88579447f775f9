import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteSource, type ByteStream, bytesSource } from '../streams/byte-source.ts';
import { createFingerprint } from '../streams/fingerprint.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import type { ExpectedContent } from '../streams/verify.ts';
import { createByteBudget } from './byte-budget.ts';
import { createConnectionLimit } from './connection-limit.ts';
import type { DigestFile, FileToDigest } from './file-digest.ts';
import type { SendPart } from './part-attempts.ts';
import { planParts } from './part-plan.ts';
import { sendParts } from './send-parts.ts';

const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251);
const contentOf = (bytes: Uint8Array): ExpectedContent => ({ digest: `sha256:${digestHex('sha256', bytes)}`, size: bytes.byteLength });

interface FileOptions {
  readonly chunkBytes?: number;
  /** Called before each chunk is read: the place to rewrite the file. */
  readonly onRead?: (position: number, isDigesting: boolean) => void | Promise<void>;
}

/** A file, its bytes in `bytes`, that others may rewrite; a chunk that may be reused is, as soon as the next one is asked for. */
function fileOf(bytes: Uint8Array, { chunkBytes = 64, onRead }: FileOptions = {}): ByteSource & { readonly openNow: () => number } {
  let openNow = 0;
  return {
    size: bytes.byteLength,
    seekable: true,
    findFile: async () => undefined,
    openNow: () => openNow,
    async *open({ start = 0, end = bytes.byteLength, mayReuse = false, signal } = {}): ByteStream {
      openNow += 1;
      try {
        for (let position = start; position < end; position += chunkBytes) {
          await new Promise((resolve) => setImmediate(resolve));
          await onRead?.(position, mayReuse);
          signal?.throwIfAborted();
          const chunk = bytes.slice(position, Math.min(position + chunkBytes, end));
          yield chunk;
          if (mayReuse) chunk.fill(255);
        }
      } finally {
        openNow -= 1;
      }
    },
  };
}

function collect(): { readonly parts: Map<number, Uint8Array>; readonly send: SendPart<number> } {
  const parts = new Map<number, Uint8Array>();
  return {
    parts,
    send: async ({ partNumber }, { outgoing }, signal) => {
      parts.set(partNumber, new Uint8Array(await readAll(outgoing.open({ signal }), 1e6, 'a part')));
      return partNumber;
    },
  };
}

const engine = (budgetBytes = 1000) => ({ budget: createByteBudget(budgetBytes), connections: createConnectionLimit(4) });

test('the parts of a file put together are the file, whatever the sizes of chunks and parts', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3000 }),
      fc.integer({ min: 1, max: 800 }),
      fc.integer({ min: 20, max: 900 }),
      async (size, chunkBytes, partSize) => {
        const bytes = pattern(size);
        const source = fileOf(bytes, { chunkBytes: Math.max(chunkBytes, size / 100) });
        const { parts, send } = collect();
        const plan = planParts(size, partSize);
        expect(await sendParts(source, contentOf(bytes), plan, send, engine())).toEqual(plan.map(({ partNumber }) => partNumber));
        expect(Buffer.concat(plan.map(({ partNumber }) => parts.get(partNumber)!)).equals(bytes)).toBe(true);
        expect(source.openNow()).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});

test('a file is sent without a place in the budget, however full it is', async () => {
  const bytes = pattern(5000);
  const { budget, connections } = engine(100);
  await budget.acquire(50);
  await budget.acquire(50);
  await sendParts(fileOf(bytes), contentOf(bytes), planParts(5000, 500), collect().send, { budget, connections });
  expect(budget.heldBytes).toBe(100);
});

describe('a file that is rewritten while it is sent makes it fail', () => {
  const size = 4000;
  const plan = planParts(size, 1000);
  const rewritings: readonly (readonly [string, (bytes: Uint8Array) => FileOptions['onRead']])[] = [
    [
      'between the digesting and the sending of a part',
      (bytes) => {
        const allDigested = Promise.withResolvers<void>();
        return async (position, isDigesting) => {
          if (isDigesting && position === size - 50) allDigested.resolve();
          // The last part is sent when all was digested, and was changed then.
          if (!isDigesting && position >= 3000) await allDigested.promise;
          if (!isDigesting && position >= 3000) bytes[3999] = 99;
        };
      },
    ],
    [
      'with other bytes for the sender alone, and back again',
      (bytes) => {
        const right = bytes.slice();
        return (position, isDigesting) => {
          bytes.set(right);
          if (!isDigesting && position === 1000) bytes[1010] = 99;
        };
      },
    ],
  ];
  test.each(rewritings)('%s', async (_, rewrite) => {
    const bytes = pattern(size);
    const expected = contentOf(bytes);
    const source = fileOf(bytes, { onRead: rewrite(bytes)!, chunkBytes: 50 });
    await expect(sendParts(source, expected, plan, collect().send, engine())).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(source.openNow()).toBe(0);
  });

  test('in a reading that was sent and answered, when another reading was right', async () => {
    const bytes = pattern(size);
    const source = fileOf(bytes);
    const send: SendPart<void> = async ({ partNumber }, { bytes: part }) => {
      if (partNumber !== 2) return;
      await readAll(part.open(), size, 'a part');
      bytes[1500] = 99;
      await readAll(part.open(), size, 'a part');
    };
    await expect(sendParts(source, contentOf(bytes.slice()), plan, send, engine())).rejects.toMatchObject({ code: 'digest-mismatch' });
  });
});

test('a part known to be another never gives its last byte, so that no store has the whole of it', async () => {
  const bytes = pattern(1000);
  const expected = contentOf(bytes);
  let given = 0;
  const send: SendPart<void> = async ({ partNumber }, { outgoing }) => {
    for await (const _ of outgoing.open());
    if (partNumber !== 1) return;
    bytes[10] = 99;
    for await (const chunk of outgoing.open()) given += chunk.byteLength;
  };
  await expect(sendParts(fileOf(bytes), expected, planParts(1000, 500), send, engine())).rejects.toMatchObject({ code: 'digest-mismatch' });
  expect(given).toBeLessThan(500);
});

test('a range of a part is what it says, and is compared all the same', async () => {
  const bytes = pattern(1000);
  const ranges: Uint8Array[] = [];
  const send: SendPart<void> = async ({ partNumber }, { bytes: part }) => {
    if (partNumber === 2) ranges.push(new Uint8Array(await readAll(part.open({ start: 30, end: 170 }), 1000, 'a range')));
  };
  await sendParts(fileOf(bytes), contentOf(bytes), planParts(1000, 400), send, engine());
  expect(ranges).toEqual([bytes.subarray(430, 570)]);
});

test('a file that was wrong from the start ends what is being sent, which is waited for', async () => {
  const bytes = pattern(4000);
  const source = fileOf(bytes);
  let waiting = 0;
  const send: SendPart<void> = async (_, __, signal) => {
    waiting += 1;
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const expected = { ...contentOf(bytes), digest: contentOf(pattern(10)).digest };
  await expect(sendParts(source, expected, planParts(4000, 500), send, engine())).rejects.toMatchObject({ code: 'digest-mismatch' });
  expect([waiting, source.openNow()]).toEqual([4, 0]);
});

test('where a part fails, the digesting stops', async () => {
  const bytes = pattern(100_000);
  let digested = 0;
  const source = fileOf(bytes, { onRead: (position, isDigesting) => void (isDigesting && (digested = position)) });
  const send: SendPart<void> = () => Promise.reject(new RangeError('broken'));
  await expect(sendParts(source, contentOf(bytes), planParts(100_000, 50_000), send, engine())).rejects.toThrow('broken');
  expect(digested).toBeLessThan(50_000);
  expect(source.openNow()).toBe(0);
});

test('a file of another size than expected is not cut at places that it may not have', async () => {
  const bytes = pattern(900);
  const expected = contentOf(pattern(1000));
  await expect(sendParts(fileOf(bytes), expected, planParts(1000, 100), collect().send, engine())).rejects.toMatchObject({
    code: 'size-mismatch',
  });
  expect(bytesSource(bytes).findFile).toBeUndefined();
});

describe('a file that another thread digests', () => {
  const partSize = 400;
  const bytes = pattern(1000);
  const fingerprintsOf = (content: Uint8Array): string[] =>
    planParts(content.byteLength, partSize).map(({ start, end }) => {
      const fingerprint = createFingerprint();
      fingerprint.update(content.subarray(start, end));
      return fingerprint.value();
    });
  /** A thread that reads this of the file. */
  const threadThatReads =
    (content: Uint8Array): DigestFile =>
    async () => ({ digest: digestHex('sha256', content), fingerprints: fingerprintsOf(content), busyMs: 1 });
  const file = (readsHere: () => void): ByteSource => ({
    ...fileOf(bytes, { onRead: (_, isDigesting) => void (isDigesting && readsHere()) }),
    findFile: async () => ({ path: '/somewhere', start: 7, end: 1007 }),
  });

  test('is asked for by its place and the ends of its parts, and not digested here again', async () => {
    const asked: FileToDigest[] = [];
    const digestFile: DigestFile = (wanted, signal) => {
      asked.push(wanted);
      return threadThatReads(bytes)(wanted, signal);
    };
    const source = file(() => expect.unreachable());
    await sendParts(source, contentOf(bytes), planParts(1000, partSize), collect().send, { ...engine(), digestFile });
    expect(asked).toEqual([{ path: '/somewhere', start: 7, end: 1007, algorithm: 'sha256', partEnds: [400, 800, 1000] }]);
  });

  test.each([
    ['cannot read it', async () => undefined],
    ['finds other bytes, as of a file that took its name', threadThatReads(pattern(999))],
  ] as const)('is digested here where the thread %s', async (_, digestFile) => {
    let read = 0;
    const source = file(() => (read += 1));
    await sendParts(source, contentOf(bytes), planParts(1000, partSize), collect().send, { ...engine(), digestFile });
    expect(read).toBeGreaterThan(0);
  });

  test('is refused where the thread read the right bytes, and others were sent', async () => {
    const changed = bytes.with(500, 255);
    const source = { ...fileOf(changed), findFile: file(() => {}).findFile };
    const options = { ...engine(), digestFile: threadThatReads(bytes) };
    const sending = sendParts(source, contentOf(bytes), planParts(1000, partSize), collect().send, options);
    await expect(sending).rejects.toMatchObject({ code: 'digest-mismatch', message: expect.stringContaining('between bytes 400 and 800') });
  });
});
