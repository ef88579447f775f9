import { expect, it } from 'vitest';
import { hasCode } from '../../errors/coded-error.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import type { Clock } from '../../streams/clock.ts';
import { toObjectKey } from '../object-key.ts';
import { createMemoryBucket } from './memory-bucket.ts';

const key = toObjectKey('a/b');
const one = bytesSource(new Uint8Array([1]));

it('makes ETags as S3 does: an MD5, and -N after an upload in N parts', async () => {
  const bucket = createMemoryBucket();
  expect(await bucket.put(key, one)).toEqual({ etag: '"55a54008ad1ba589aa210d2629c1df41"' });
  const upload = await bucket.multipart!.create(key, { size: 1, partSize: 1 });
  const part = await bucket.multipart!.putPart(upload, 1, one);
  expect(part.etag).toBe('"55a54008ad1ba589aa210d2629c1df41"');
  expect(await bucket.multipart!.complete(upload, [part])).toEqual({ etag: '"4dad320fdbc2fd86cb955a663c00b31a-1"' });
});

it('asks to slow down when a key is written again too soon', async () => {
  const clock = { now: () => nowMs, random: () => 0, sleep: () => Promise.resolve() } satisfies Clock;
  let nowMs = 1000;
  const bucket = createMemoryBucket({ clock, abilities: { minWriteIntervalMs: 1000 } });
  await bucket.put(key, one);
  nowMs = 1400;
  const error: unknown = await bucket.put(key, one).catch((thrown: unknown) => thrown);
  expect(hasCode(error, 'throttled') && error.retryAfterMs).toBe(600);
  nowMs = 2000;
  await bucket.put(key, one);
});

it('refuses what is larger than it takes at once', async () => {
  const bucket = createMemoryBucket({ abilities: { maxPutBytes: 10, maxCopyBytes: 5 } });
  await expect(bucket.put(key, bytesSource(new Uint8Array(11)))).rejects.toMatchObject({ code: 'object-too-large' });
  await bucket.put(key, bytesSource(new Uint8Array(10)));
  await expect(bucket.copy?.(key, toObjectKey('c'))).rejects.toMatchObject({ code: 'object-too-large' });
});

it('refuses parts that are too small, or unequal where they must be equal', async () => {
  const bucket = createMemoryBucket({ abilities: { minPartBytes: 4, equalParts: true } });
  const complete = async (...sizes: readonly number[]): Promise<unknown> => {
    const upload = await bucket.multipart!.create(key, { size: 10, partSize: 4 });
    const put = (size: number, index: number): Promise<{ partNumber: number; etag: string }> =>
      bucket.multipart!.putPart(upload, index + 1, bytesSource(new Uint8Array(size)));
    return bucket.multipart!.complete(upload, await Promise.all(sizes.map(put)));
  };
  await complete(4, 4, 2);
  await complete(2);
  await expect(complete(3, 4)).rejects.toMatchObject({ code: 'part-invalid' });
  await expect(complete(4, 5, 1)).rejects.toMatchObject({ code: 'part-invalid' });
  await expect(complete(4, 5)).rejects.toMatchObject({ code: 'part-invalid' });
});

it('lists folders first when asked to, as stores do that walk folders', async () => {
  const list = async (listOrder: 'bytes' | 'slash-first'): Promise<string[]> => {
    const bucket = createMemoryBucket({ quirks: { listOrder } });
    for (const name of ['a-b', 'a/1', 'a']) await bucket.put(toObjectKey(name), one);
    return (await Array.fromAsync(bucket.list())).map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix));
  };
  expect(await list('bytes')).toEqual(['a', 'a-b', 'a/1']);
  expect(await list('slash-first')).toEqual(['a', 'a/1', 'a-b']);
});

it('has no member that it was told to lack', () => {
  const bucket = createMemoryBucket({ quirks: { lacksCopy: true, lacksMultipart: true } });
  expect('copy' in bucket || 'multipart' in bucket).toBe(false);
});

it('keeps its own bytes when the caller reuses a buffer', async () => {
  const bucket = createMemoryBucket();
  const buffer = new Uint8Array([1, 2, 3]);
  await bucket.put(key, bytesSource(buffer));
  buffer.fill(9);
  const content = await bucket.get(key);
  expect(Buffer.concat(await Array.fromAsync(content!.body))).toEqual(Buffer.from([1, 2, 3]));
});
