import { expect, test } from 'vitest';
import { createJitteryBucket } from '../../test/faults/jittery-bucket.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { aroundBucket } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { formatBucketFormat, formatVersion } from '../layout/format-version.ts';
import { formatKey } from '../layout/keys.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { ensureBucketFormat, readBucketFormat } from './bucket-format.ts';

const clock = createVirtualClock();
const key = formatKey({ kind: 'format' });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a bucket that was never made one of ours has no format, and is left so by reading', async () => {
  const bucket = createMemoryBucket({ clock });
  expect(await readBucketFormat(bucket)).toBeUndefined();
  expect(await Array.fromAsync(bucket.list())).toEqual([]);
});

test.each(['atomic', 'ignored', 'none'] as const)(
  'the first to write makes it one, though many do at once (conditions %s)',
  async (conditionalPut) => {
    const bucket = createMemoryBucket({ clock, abilities: { conditionalPut } });
    const formats = await Promise.all([1, 2, 3, 4].map((seed) => ensureBucketFormat(createJitteryBucket(bucket, seed), clock)));
    expect(formats).toEqual(Array.from({ length: 4 }, () => ({ version: formatVersion })));
    expect(await bucket.head(formatKey({ kind: 'root' }))).toMatchObject({ size: 0, contentType: 'application/json' });
  },
);

test('what init wrote stays', async () => {
  const bucket = createMemoryBucket({ clock });
  await bucket.put(key, bytesSource(formatBucketFormat({ publicUrl: 'https://images.example.com' })));
  expect(await ensureBucketFormat(bucket, clock)).toMatchObject({ publicUrl: 'https://images.example.com' });
});

test('a newer format is refused by name, and not written to', async () => {
  const bucket = createMemoryBucket({ clock });
  await bucket.put(key, bytesSource(encode(`{"version":${formatVersion + 1}}`)));
  await expect(ensureBucketFormat(bucket, clock)).rejects.toMatchObject({ code: 'format-too-new' });
  expect(await bucket.head(formatKey({ kind: 'root' }))).toBeUndefined();
});

test('a write that somebody else is about to end is waited for', async () => {
  const inner = createMemoryBucket({ clock });
  let conflicts = 0;
  const busy = aroundBucket(inner, {
    call({ name, key: written }, run) {
      if (name === 'put' && written === key && ++conflicts <= 2)
        throw new BucketError('write-conflict', 'Cannot put: another is under way');
      return run();
    },
    iterate: (_, open) => open(),
  });
  expect(await ensureBucketFormat(busy, clock)).toEqual({ version: formatVersion });
});
