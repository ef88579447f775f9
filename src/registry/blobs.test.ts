import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSmallRepository } from '../../test/faults/repository-target.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket, type BucketOperation } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket, type MemoryBucketOptions } from '../bucket/memory/memory-bucket.ts';
import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { formatKey } from '../layout/keys.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';
import { systemClock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import type { Blobs } from './blobs.ts';

const clock = createVirtualClock();
const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251);
/** Six parts of 128 bytes and one of 32. */
const large = pattern(800);
const layer = describeBytes('application/vnd.oci.image.layer.v1.tar', large);
const name = parseRepositoryName('team/app');
const keyOf = ({ digest }: Descriptor) => formatKey({ kind: 'blob', name, digest });
const key = keyOf(layer);

function openBlobs(bucket: Bucket): Blobs {
  return openSmallRepository(bucket, clock).blobs;
}

/** A bucket that lets a test see or break each call. */
function watch(inner: Bucket, before: (operation: BucketOperation, count: number) => void | Promise<void>): Bucket {
  const counts = new Map<string, number>();
  const tell = async (operation: BucketOperation): Promise<void> => {
    const count = (counts.get(operation.name) ?? 0) + 1;
    counts.set(operation.name, count);
    await before(operation, count);
  };
  return aroundBucket(inner, {
    async call(operation, run) {
      await tell(operation);
      return run();
    },
    async *iterate(operation, open) {
      await tell(operation);
      yield* open();
    },
  });
}

async function readKey(bucket: Bucket, descriptor: Descriptor): Promise<Uint8Array | undefined> {
  const content = await bucket.get(keyOf(descriptor));
  return content && readAll(content.body, 1e6, 'a blob');
}

/** Leaves an unfinished upload with some parts of the large blob, as an interrupted push does. */
async function interruptPush(inner: Bucket, failAtPart: number): Promise<void> {
  const breaking = watch(inner, ({ name: operation }, count) => {
    if (operation === 'putPart' && count >= failAtPart) throw new BucketError('connection-failed', 'Cannot send: reset');
  });
  await expect(openBlobs(breaking).put(layer, bytesSource(large))).rejects.toMatchObject({ code: 'connection-failed' });
  expect(await inner.head(key)).toBeUndefined();
}

/** Pushes the large blob and says how many parts were sent for it. */
async function countParts(inner: Bucket): Promise<number> {
  let parts = 0;
  const counting = watch(inner, ({ name: operation }) => void (parts += operation === 'putPart' ? 1 : 0));
  await openBlobs(counting).put(layer, bytesSource(large));
  expect(Buffer.from((await readKey(inner, layer))!).equals(large)).toBe(true);
  return parts;
}

const listUploads = (bucket: Bucket): Promise<UploadHandle[]> => Array.fromAsync(bucket.multipart!.listUploads(key));

const stores: readonly (readonly [string, MemoryBucketOptions])[] = [
  ['a store that can do all', {}],
  ['a store that ignores conditions', { abilities: { conditionalPut: 'ignored' } }],
  ['a store without conditions', { abilities: { conditionalPut: 'none' } }],
  ['a store that wants equal parts', { abilities: { equalParts: true } }],
  ['a store without multipart uploads', { quirks: { lacksMultipart: true } }],
];

describe.each(stores)('with %s', (_, options) => {
  test('a blob of any size and algorithm comes back byte for byte, and every range of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1000 }), fc.nat(1000), fc.nat(1000), fc.boolean(), async (size, a, b, isSha512) => {
        const bytes = pattern(size);
        const blob = describeBytes('application/octet-stream', bytes, isSha512 ? 'sha512' : 'sha256');
        const blobs = openBlobs(createMemoryBucket({ ...options, clock }));
        let sent = 0;
        await blobs.put(blob, bytesSource(bytes), { onProgress: (count) => void (sent += count) });
        const [start, end] = [Math.min(a, b, size), Math.min(Math.max(a, b), size)];
        expect(Buffer.from(await readAll(blobs.open(blob).open(), size, 'a blob')).equals(bytes)).toBe(true);
        expect(Buffer.from(await readAll(blobs.open(blob).open({ start, end }), size, 'a range')).equals(bytes.subarray(start, end))).toBe(
          true,
        );
        expect([sent, await blobs.head(blob.digest), await blobs.has(blob)]).toEqual([size, size, true]);
      }),
      { numRuns: 40 },
    );
  });

  test('has the headers of the format', async () => {
    const bucket = createMemoryBucket({ ...options, clock });
    await openBlobs(bucket).put(layer, bytesSource(large));
    expect(await bucket.head(key)).toMatchObject({
      contentType: 'application/octet-stream',
      cacheControl: 'public, max-age=31536000, immutable, no-transform',
      metadata: { 'docker-content-digest': layer.digest },
    });
  });

  const wrong: readonly (readonly [string, Uint8Array, string])[] = [
    ['other bytes', pattern(801).subarray(1), 'digest-mismatch'],
    ['too few bytes', large.subarray(0, 700), 'size-mismatch'],
    ['too many bytes', pattern(900), 'size-mismatch'],
  ];
  describe.each(['sha256', 'sha512'] as const)('and digests of %s', (algorithm) => {
    test.each(wrong)('a source that gives %s makes nothing visible', async (_title, bytes, code) => {
      const bucket = createMemoryBucket({ ...options, clock });
      const blob = describeBytes('application/octet-stream', large, algorithm);
      const lying: ByteSource = { ...bytesSource(bytes), size: large.byteLength };
      await expect(openBlobs(bucket).put(blob, lying)).rejects.toMatchObject({ code });
      expect(await bucket.head(keyOf(blob))).toBeUndefined();
    });
  });

  test('a small source that gives other bytes makes nothing visible', async () => {
    const bucket = createMemoryBucket({ ...options, clock });
    const blob = describeBytes('application/octet-stream', pattern(50));
    await expect(openBlobs(bucket).put(blob, bytesSource(pattern(51).subarray(1)))).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(await bucket.head(keyOf(blob))).toBeUndefined();
  });

  test('a damaged object of another size counts as missing, and is replaced', async () => {
    const bucket = createMemoryBucket({ ...options, clock });
    await bucket.put(key, bytesSource(pattern(5)));
    expect(await openBlobs(bucket).has(layer)).toBe(false);
    await openBlobs(bucket).put(layer, bytesSource(large));
    expect(await openBlobs(bucket).has(layer)).toBe(true);
  });
});

describe('a part that is late is sent again', () => {
  const bytes = pattern(12 * 128);
  const blob = describeBytes('application/vnd.oci.image.layer.v1.tar', bytes);

  test.each([
    ['and the late request, which can only leave the same MD5, is not waited for', {}, 0],
    ['and where ETags tell nothing, the store is asked which request it carried out last', { quirks: { opaqueETags: true } }, 1],
  ] as const)('%s', async (_, options, timesAsked) => {
    const inner = createMemoryBucket(options);
    const counts = new Map<string, number>();
    const slow = watch(inner, async ({ name: operation, signal }, count) => {
      counts.set(operation, count);
      if (operation === 'putPart' && count === 3) await systemClock.sleep(400, signal);
    });
    await openSmallRepository(slow, systemClock).blobs.put(blob, bytesSource(bytes));
    expect([counts.get('putPart'), counts.get('create'), counts.get('complete')]).toEqual([13, 1, 1]);
    expect(counts.get('listParts') ?? 0).toBe(timesAsked);
    expect(await readKey(inner, blob)).toEqual(bytes);
  });
});

describe('an upload that broke off', () => {
  test('is continued by the next push, which sends only what is missing', async () => {
    const bucket = createMemoryBucket({ clock });
    await interruptPush(bucket, 5);
    expect(await countParts(bucket)).toBe(3);
    expect(await listUploads(bucket)).toEqual([]);
  });

  test('is continued by the MD5 in the ETags where the store tells no SHA-256', async () => {
    const bucket = createMemoryBucket({ clock, abilities: { verifiesSha256: false } });
    await interruptPush(bucket, 5);
    expect(await countParts(bucket)).toBe(3);
  });

  test('is sent whole again where neither is told', async () => {
    const bucket = createMemoryBucket({ clock, abilities: { verifiesSha256: false }, quirks: { opaqueETags: true } });
    await interruptPush(bucket, 5);
    expect(await countParts(bucket)).toBe(7);
  });

  test('with a part of other bytes has that part replaced', async () => {
    const bucket = createMemoryBucket({ clock });
    await interruptPush(bucket, 5);
    const [upload] = await listUploads(bucket);
    await bucket.multipart!.putPart(upload!, 2, bytesSource(new Uint8Array(128)));
    expect(await countParts(bucket)).toBe(4);
  });

  test('with parts of another size is left alone', async () => {
    const bucket = createMemoryBucket({ clock });
    const upload = await bucket.multipart!.create(key, { size: 800, partSize: 400 });
    await bucket.multipart!.putPart(upload, 1, bytesSource(large.subarray(0, 400)));
    expect(await countParts(bucket)).toBe(7);
    expect((await listUploads(bucket)).map(({ uploadId }) => uploadId)).toEqual([upload.uploadId]);
  });

  test('is begun anew by who may not list uploads', async () => {
    const inner = createMemoryBucket({ clock });
    await interruptPush(inner, 5);
    const closed = watch(inner, ({ name: operation }) => {
      if (operation === 'listUploads') throw new BucketError('access-denied', 'Cannot list uploads: denied');
    });
    expect(await countParts(closed)).toBe(7);
  });

  test('is known to its creator until it is finished', async () => {
    const inner = createMemoryBucket({ clock });
    const unfinished = new Set<UploadHandle>();
    const full = watch(inner, ({ name: operation }) => {
      if (operation === 'complete') throw new BucketError('storage-full', 'Cannot complete: full');
    });
    await expect(openBlobs(full).put(layer, bytesSource(large), { unfinished })).rejects.toMatchObject({ code: 'storage-full' });
    expect([...unfinished].map(({ uploadId }) => uploadId)).toEqual((await listUploads(inner)).map(({ uploadId }) => uploadId));
    const others = new Set<UploadHandle>();
    await openBlobs(inner).put(layer, bytesSource(large), { unfinished: others });
    expect(others.size).toBe(0);
  });
});

describe('completing an upload', () => {
  test('never names a part that somebody replaced: it is looked at and sent again', async () => {
    const inner = createMemoryBucket({ clock });
    const raced = watch(inner, async ({ name: operation }, count) => {
      if (operation !== 'complete' || count > 1) return;
      const [upload] = await listUploads(inner);
      await inner.multipart!.putPart(upload!, 3, bytesSource(new Uint8Array(128)));
    });
    expect(await countParts(raced)).toBe(8);
  });

  test('gives up when somebody replaces parts again and again, with nothing visible', async () => {
    const inner = createMemoryBucket({ clock });
    const raced = watch(inner, async ({ name: operation }) => {
      if (operation !== 'complete') return;
      const [upload] = await listUploads(inner);
      await inner.multipart!.putPart(upload!, 3, bytesSource(new Uint8Array(128)));
    });
    await expect(openBlobs(raced).put(layer, bytesSource(large))).rejects.toMatchObject({ code: 'part-invalid' });
    expect(await inner.head(key)).toBeUndefined();
  });

  test('is done when its answer was lost', async () => {
    const inner = createMemoryBucket({ clock });
    const deaf = aroundBucket(inner, {
      async call({ name: operation }, run) {
        const result = await run();
        if (operation === 'complete') throw new BucketError('timed-out', 'Cannot complete: no answer');
        return result;
      },
      iterate: (_, open) => open(),
    });
    await openBlobs(deaf).put(layer, bytesSource(large));
    expect(Buffer.from((await readKey(inner, layer))!).equals(large)).toBe(true);
  });

  test('is done when somebody else completed the same upload, or another of the same blob', async () => {
    for (const isShared of [true, false]) {
      const inner = createMemoryBucket({ clock });
      const raced = watch(inner, async ({ name: operation }, count) => {
        if (operation !== 'complete' || count > 1) return;
        if (isShared) await openBlobs(inner).put(layer, bytesSource(large));
        else await inner.put(key, bytesSource(large));
      });
      await openBlobs(raced).put(layer, bytesSource(large));
      expect(await listUploads(inner)).toEqual([]);
    }
  });

  test('begins anew when somebody aborted the upload', async () => {
    const inner = createMemoryBucket({ clock });
    const raced = watch(inner, async ({ name: operation }, count) => {
      if (operation !== 'complete' || count > 1) return;
      for (const upload of await listUploads(inner)) await inner.multipart!.abort(upload);
    });
    expect(await countParts(raced)).toBe(14);
  });
});

test('two who push one blob at once to a store of one write a second both end well', async () => {
  const bucket = createMemoryBucket({ clock, abilities: { minWriteIntervalMs: 1000 } });
  const blob = describeBytes('application/octet-stream', pattern(50));
  await Promise.all([1, 2].map(() => openBlobs(bucket).put(blob, bytesSource(pattern(50)))));
  expect(await openBlobs(bucket).has(blob)).toBe(true);
});

describe('reading a blob', () => {
  test('that is missing, or damaged, fails by name', async () => {
    const bucket = createMemoryBucket({ clock });
    const read = (): Promise<Uint8Array> => readAll(openBlobs(bucket).open(layer).open(), 1000, 'a blob');
    await expect(read()).rejects.toMatchObject({ code: 'blob-missing' });
    await bucket.put(key, bytesSource(pattern(700)));
    await expect(read()).rejects.toMatchObject({ code: 'size-mismatch' });
  });

  test('works where the store ignores ranges', async () => {
    const bucket = createMemoryBucket({ clock, quirks: { ignoresRange: true } });
    await openBlobs(bucket).put(layer, bytesSource(large));
    const part = await readAll(openBlobs(bucket).open(layer).open({ start: 300, end: 310 }), 1000, 'a range');
    expect(Buffer.from(part).equals(large.subarray(300, 310))).toBe(true);
  });
});

describe('copying a blob from another repository', () => {
  const other = parseRepositoryName('other');

  test.each([
    ['at once', 5000],
    ['in parts, past the largest copy of the store', 500],
  ])('is done by the store %s', async (_, maxCopyBytes) => {
    const inner = createMemoryBucket({ clock, abilities: { maxCopyBytes } });
    await openSmallRepository(inner, clock, 'other').blobs.put(layer, bytesSource(large));
    const moved: string[] = [];
    const watched = watch(inner, ({ name: operation }) => void moved.push(operation));
    expect(await openBlobs(watched).copyFrom(other, layer)).toBe(true);
    expect(moved).not.toContain('get');
    expect(Buffer.from((await readKey(inner, layer))!).equals(large)).toBe(true);
    expect((await inner.head(key))?.metadata['docker-content-digest']).toBe(layer.digest);
  });

  test('says no where the blob is not there, or damaged, or the store cannot copy', async () => {
    const bucket = createMemoryBucket({ clock });
    expect(await openBlobs(bucket).copyFrom(other, layer)).toBe(false);
    await bucket.put(formatKey({ kind: 'blob', name: other, digest: layer.digest }), bytesSource(pattern(10)));
    expect(await openBlobs(bucket).copyFrom(other, layer)).toBe(false);
    const plain = createMemoryBucket({ clock, quirks: { lacksCopy: true } });
    await openSmallRepository(plain, clock, 'other').blobs.put(layer, bytesSource(large));
    expect(await openBlobs(plain).copyFrom(other, layer)).toBe(false);
    expect([await bucket.head(key), await plain.head(key)]).toEqual([undefined, undefined]);
  });

  test.each([5000, 500])('says no where the store turns out not to know how (of %i bytes at once)', async (maxCopyBytes) => {
    const inner = createMemoryBucket({ clock, abilities: { maxCopyBytes } });
    await openSmallRepository(inner, clock, 'other').blobs.put(layer, bytesSource(large));
    const ignorant = watch(inner, ({ name: operation }) => {
      if (operation === 'copy' || operation === 'copyPart') throw new BucketError('operation-unsupported', 'Cannot copy: unknown');
    });
    expect(await openBlobs(ignorant).copyFrom(other, layer)).toBe(false);
  });
});
