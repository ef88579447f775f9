import { describe, expect, it } from 'vitest';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket, type MemoryBucketOptions } from '../bucket/memory/memory-bucket.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { formatKey } from '../layout/keys.ts';
import type { Clock } from '../streams/clock.ts';
import { probeStore } from './probe-store.ts';

const makeKey = (name: string) => formatKey({ kind: 'staging', id: `probe-test-${name}` });

/** A clock on which waiting costs nothing. */
function fastClock(): Clock {
  let nowMs = 0;
  return { now: () => nowMs, sleep: async (durationMs) => void (nowMs += durationMs), random: () => 0 };
}

const probe = (options: MemoryBucketOptions) => {
  const clock = fastClock();
  return probeStore(createMemoryBucket({ ...options, clock }), makeKey, { clock });
};

async function listAll(bucket: Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of bucket.list()) keys.push(entry.kind === 'object' ? entry.key : entry.prefix);
  return keys;
}

/** A store that checks a condition and writes in two steps: right for one writer after the other, wrong for several at once. */
function createRacyBucket(inner: Bucket): Bucket {
  return {
    ...inner,
    put: async (key, body, { ifNoneMatch, ...options } = {}) => {
      if (ifNoneMatch && (await inner.head(key))) throw new BucketError('precondition-failed', `Cannot put "${key}": it is there`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return inner.put(key, body, options);
    },
  };
}

describe('probeStore', () => {
  it('finds that a full store can do all', async () => {
    expect(await probe({})).toEqual({
      conditionalPut: 'atomic',
      verifiesSha256: true,
      verifiesCrc32: false,
      strongList: true,
      copy: true,
      multipart: true,
      listsPartSha256: true,
    });
  });

  it.each(['none', 'ignored', 'atomic'] as const)('tells conditions that are %s', async (conditionalPut) => {
    expect(await probe({ abilities: { conditionalPut } })).toMatchObject({ conditionalPut });
  });

  it('takes conditions for ignored where several of racing writers win', async () => {
    expect(await probeStore(createRacyBucket(createMemoryBucket()), makeKey)).toMatchObject({ conditionalPut: 'ignored' });
  });

  it('bears a store that takes one write a second of a key', async () => {
    expect(await probe({ abilities: { minWriteIntervalMs: 1000 } })).toMatchObject({ conditionalPut: 'atomic' });
  });

  it('tells what a store lacks', async () => {
    expect(await probe({ quirks: { lacksCopy: true, lacksMultipart: true } })).toMatchObject({
      copy: false,
      multipart: false,
      listsPartSha256: false,
    });
  });

  it('leaves nothing behind, neither objects nor uploads', async () => {
    const bucket = createMemoryBucket();
    await probeStore(bucket, makeKey);
    expect(await listAll(bucket)).toEqual([]);
    const uploads: unknown[] = [];
    for await (const upload of bucket.multipart!.listUploads(makeKey('parts'))) uploads.push(upload);
    expect(uploads).toEqual([]);
  });

  it('leaves nothing behind when it is stopped at any call', async () => {
    for (let calls = 0; calls < 40; calls += 1) {
      const bucket = createMemoryBucket();
      const controller = new AbortController();
      let left = calls;
      const counted: Bucket = {
        ...bucket,
        put: async (...args) => {
          if (left-- === 0) controller.abort(new Error('stop'));
          return bucket.put(...args);
        },
      };
      const outcome = await probeStore(counted, makeKey, { signal: controller.signal }).catch((error: unknown) => error);
      expect(await listAll(bucket), `after ${calls} calls`).toEqual([]);
      if (left >= 0) return expect(outcome).toMatchObject({ conditionalPut: 'atomic' });
      expect(outcome).toMatchObject({ code: 'aborted' });
    }
    return expect.unreachable('the probe makes no end of calls');
  });

  it('says what a plain write fails with', async () => {
    const denied: Bucket = {
      ...createMemoryBucket(),
      put: async () => {
        throw new BucketError('access-denied', 'Cannot put: no');
      },
    };
    await expect(probeStore(denied, makeKey)).rejects.toMatchObject({ code: 'access-denied' });
  });
});
