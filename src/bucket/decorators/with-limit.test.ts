import { expect, it } from 'vitest';
import { expectCode, readBytes, textSource } from '../../../test/contract/bucket-contract-harness.ts';
import { type ByteSource, bytesSource } from '../../streams/byte-source.ts';
import type { Clock } from '../../streams/clock.ts';
import type { Bucket } from '../bucket.ts';
import { createMemoryBucket } from '../memory/memory-bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { aroundBucket } from './around-bucket.ts';
import { withLimit } from './with-limit.ts';

const key = toObjectKey('a');

it('never has more requests under way than allowed', async () => {
  const { bucket, most } = counting(createMemoryBucket());
  const limited = withLimit(bucket, { maxRequests: 3 });
  await Promise.all(Array.from({ length: 20 }, (_, index) => limited.put(toObjectKey(`k${index}`), textSource('x'))));
  await Promise.all(Array.from({ length: 20 }, (_, index) => limited.head(toObjectKey(`k${index}`))));
  expect(most()).toBe(3);
});

it('goes on after failures', async () => {
  const limited = withLimit(createMemoryBucket(), { maxRequests: 1 });
  for (let round = 0; round < 3; round++)
    await expect(limited.put(key, { ...textSource('x'), size: 9 })).rejects.toMatchObject({ code: 'size-mismatch' });
  await limited.put(key, textSource('x'));
});

it('lets a body be read from the bucket that it is put into, one request at a time', async () => {
  const limited = withLimit(createMemoryBucket(), { maxRequests: 1 });
  await limited.put(key, textSource('round trip'));
  const source: ByteSource = {
    size: 10,
    seekable: true,
    async *open() {
      yield await readBytes(limited, key);
    },
  };
  await limited.put(toObjectKey('b'), source);
  expect(await limited.head(toObjectKey('b'))).toMatchObject({ size: 10 });
});

it('leaves the line when its signal aborts', async () => {
  const released = Promise.withResolvers<undefined>();
  const limited = withLimit(createMemoryBucket(), { maxRequests: 1 });
  const holding = limited.put(key, {
    size: 1,
    seekable: true,
    async *open() {
      await released.promise;
      yield new Uint8Array(1);
    },
  });
  const controller = new AbortController();
  const waiting = limited.put(toObjectKey('b'), textSource('x'), { signal: controller.signal });
  controller.abort();
  await expectCode(waiting, 'aborted');
  released.resolve(undefined);
  await holding;
  await limited.put(toObjectKey('c'), textSource('x'));
});

it('keeps writes of one key apart, and those of other keys not', async () => {
  let nowMs = 0;
  const clock: Clock = {
    now: () => nowMs,
    random: () => 0,
    sleep: (durationMs) => {
      nowMs += durationMs;
      return Promise.resolve();
    },
  };
  // The store itself would refuse a second write within a second.
  const store = createMemoryBucket({ clock, abilities: { minWriteIntervalMs: 1000 } });
  const limited = withLimit(store, { maxRequests: 8, clock });
  await Promise.all(Array.from({ length: 5 }, (_, index) => limited.put(toObjectKey(`other${index}`), textSource('x'))));
  expect(nowMs).toBe(0);
  await Promise.all(Array.from({ length: 5 }, (_, index) => limited.put(key, bytesSource(new Uint8Array([index])))));
  expect(nowMs).toBe(4000);
  expect(await readBytes(limited, key)).toEqual(new Uint8Array([4]));
});

function counting(inner: Bucket): { bucket: Bucket; most: () => number } {
  let [running, most] = [0, 0];
  const bucket = aroundBucket(inner, {
    async call(_operation, run) {
      most = Math.max(most, ++running);
      try {
        return await run();
      } finally {
        running--;
      }
    },
    iterate: (_operation, open) => open(),
  });
  return { bucket, most: () => most };
}
