import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { createFailingBucket, failureModes } from '../../test/faults/failing-bucket.ts';
import { openSmallRepository } from '../../test/faults/repository-target.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket, type BucketOperation } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket, type MemoryBucketOptions } from '../bucket/memory/memory-bucket.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { formatKey, stagingRoot } from '../layout/keys.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { createByteBudget } from '../parallel/byte-budget.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import { openRepository } from './repository.ts';
import type { BlobContent, UnknownBlob } from './staged-upload.ts';

const clock = createVirtualClock();
const name = parseRepositoryName('team/app');
const pattern = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 8)) % 251);
/** Six parts of 128 bytes and one of 32. */
const large = pattern(800);

function contentOf(bytes: Uint8Array): BlobContent {
  return { digest: parseDigest(`sha256:${digestHex('sha256', bytes)}`), size: bytes.byteLength };
}

/** Bytes in chunks that fit no part; ends with a failure, if one is given. */
function unknown(bytes: Uint8Array, failure?: Error): UnknownBlob {
  async function* open(): ByteStream {
    for (let start = 0; start < bytes.byteLength; start += 50) yield bytes.subarray(start, start + 50);
    if (failure) throw failure;
  }
  return { open };
}

const keyOf = ({ digest }: BlobContent) => formatKey({ kind: 'blob', name, digest });

async function readBlob(bucket: Bucket, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  const content = await bucket.get(keyOf(contentOf(bytes)));
  return content && readAll(content.body, 10_000_000, 'a blob');
}

/** Sees each call. */
function watch(inner: Bucket, onCall: (operation: BucketOperation) => void): Bucket {
  return aroundBucket(inner, {
    call: (operation, run) => {
      onCall(operation);
      return run();
    },
    iterate: (_, open) => open(),
  });
}

/** Every key that is there, and every upload under way whose key a test saw. */
async function leftovers(bucket: Bucket, keys: ReadonlySet<NonNullable<BucketOperation['key']>>): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of bucket.list({ prefix: stagingRoot })) found.push(entry.kind === 'object' ? entry.key : entry.prefix);
  for (const key of keys) {
    if (!key.startsWith(stagingRoot) || !bucket.multipart) continue;
    for await (const upload of bucket.multipart.listUploads(key)) found.push(`upload ${upload.key}`);
  }
  return found;
}

function withoutCopyPart(bucket: Bucket): Bucket {
  const multipart = bucket.multipart && { ...bucket.multipart };
  delete multipart?.copyPart;
  return multipart ? { ...bucket, multipart } : bucket;
}

const asItIs = (bucket: Bucket): Bucket => bucket;
const stores: readonly (readonly [string, MemoryBucketOptions, (bucket: Bucket) => Bucket])[] = [
  ['a store that can do all', {}, asItIs],
  ['a store that copies by parts only', { quirks: { lacksCopy: true } }, asItIs],
  ['a store that copies no parts', {}, withoutCopyPart],
  ['a store that copies small objects only', { abilities: { maxCopyBytes: 100 } }, asItIs],
  ['a store that cannot copy', { quirks: { lacksCopy: true } }, withoutCopyPart],
  ['a store without conditions', { abilities: { conditionalPut: 'none' } }, asItIs],
  ['a store without multipart uploads', { quirks: { lacksMultipart: true } }, asItIs],
];

describe.each(stores)('a blob of unknown digest in %s', (_, options, change) => {
  const create = (): Bucket => change(createMemoryBucket({ ...options, clock }));

  test.each([0, 1, 127, 128, 129, 256, 800])('of %d bytes is stored under the digest that it has', async (size) => {
    const bucket = create();
    const bytes = pattern(size);
    const keys = new Set<NonNullable<BucketOperation['key']>>();
    const watched = watch(bucket, ({ key }) => void (key && keys.add(key)));
    const content = await openSmallRepository(watched, clock).blobs.putUnknown(unknown(bytes));
    expect(content).toEqual(contentOf(bytes));
    expect(Buffer.from((await readBlob(bucket, bytes))!).equals(bytes)).toBe(true);
    expect((await bucket.head(keyOf(content)))?.metadata).toEqual({ 'docker-content-digest': content.digest });
    expect(await leftovers(bucket, keys)).toEqual([]);
    if (size <= 128) expect([...keys].filter((key) => key.startsWith(stagingRoot))).toEqual([]);
  });

  test('is never visible when the stream fails at its very end, and nothing of it is left', async () => {
    const bucket = create();
    const keys = new Set<NonNullable<BucketOperation['key']>>();
    const watched = watch(bucket, ({ key }) => void (key && keys.add(key)));
    const wrong = new RegistryError('digest-mismatch', 'Cannot accept the layer');
    for (const bytes of [pattern(100), large]) {
      expect(await rejection(openSmallRepository(watched, clock).blobs.putUnknown(unknown(bytes, wrong)))).toBe(wrong);
      expect(await readBlob(bucket, bytes)).toBeUndefined();
    }
    expect(await leftovers(bucket, keys)).toEqual([]);
  });

  test.each(failureModes)('when any call fails (%s): nothing wrong is visible, and the next try ends well', async (mode) => {
    let failures = 0;
    for (let n = 1; ; n += 1) {
      const bucket = create();
      const failing = createFailingBucket(bucket, n, mode);
      const keys = new Set<NonNullable<BucketOperation['key']>>();
      const watched = watch(failing.bucket, ({ key }) => void (key && keys.add(key)));
      const error = await openSmallRepository(watched, clock)
        .blobs.putUnknown(unknown(large))
        .then(
          () => undefined,
          (failure: unknown) => failure,
        );
      if (error !== undefined) failures += 1;
      const seen = await readBlob(bucket, large);
      if (seen) expect(Buffer.from(seen).equals(large), `after call ${n}`).toBe(true);
      if (error === undefined) expect(seen, `after call ${n}`).toBeDefined();
      // A process that dies cannot clean up, and a store that refuses to is left with it.
      if (mode === 'unheard' && error !== undefined)
        expect(await leftovers(bucket, keys), `after call ${n}`).toEqual(uploadsUnheard(keys, n));
      await openSmallRepository(bucket, clock).blobs.putUnknown(unknown(large));
      expect(Buffer.from((await readBlob(bucket, large))!).equals(large)).toBe(true);
      if (failing.calls() < n) break;
    }
    expect(failures).toBeGreaterThan(0);
  });
});

/** An upload whose beginning was done and not heard of has no name here: only the store's lifecycle rule ends it. */
function uploadsUnheard(keys: ReadonlySet<string>, n: number): unknown {
  const staged = [...keys].filter((key) => key.startsWith(stagingRoot));
  return n === 1 && staged.length > 0 ? [`upload ${staged[0]}`] : [];
}

describe('a blob of unknown digest', () => {
  test('that is there already is neither completed nor copied', async () => {
    const bucket = createMemoryBucket({ clock });
    await openSmallRepository(bucket, clock).blobs.putUnknown(unknown(large));
    const calls: string[] = [];
    const watched = watch(bucket, ({ name: call }) => void calls.push(call));
    await openSmallRepository(watched, clock).blobs.putUnknown(unknown(large));
    expect(calls.filter((call) => call !== 'putPart')).toEqual(['create', 'head', 'abort']);
  });

  test('takes no more memory than the budget has, however many come at once', async () => {
    const bucket = createMemoryBucket({ clock });
    const budget = createByteBudget(1024);
    let most = 0;
    const watched = watch(bucket, () => (most = Math.max(most, budget.heldBytes)));
    const { blobs } = openRepository(watched, name, { clock, partSizeBytes: 128, budget });
    const all = Array.from({ length: 12 }, (_, index) => pattern(2000 + index * 100));
    const contents = await Promise.all(all.map((bytes) => blobs.putUnknown(unknown(bytes))));
    expect(contents).toEqual(all.map(contentOf));
    expect(most).toBeGreaterThan(256);
    expect(most).toBeLessThanOrEqual(1024);
    expect(budget.heldBytes).toBe(0);
  });

  test('gives its memory back and ends its upload when it is stopped', async () => {
    const bucket = createMemoryBucket({ clock });
    const budget = createByteBudget(1024);
    const stop = new AbortController();
    const keys = new Set<NonNullable<BucketOperation['key']>>();
    const watched = watch(bucket, ({ name: call, key }) => {
      if (key) keys.add(key);
      if (call === 'putPart') stop.abort();
    });
    const { blobs } = openRepository(watched, name, { clock, partSizeBytes: 128, budget });
    expect((await rejection(blobs.putUnknown(unknown(large), { signal: stop.signal }))).code).toBe('aborted');
    expect(budget.heldBytes).toBe(0);
    expect(await leftovers(bucket, keys)).toEqual([]);
  });

  test('of more than 10,000 parts is refused, and nothing of it is left', async () => {
    const bucket = createMemoryBucket({ clock });
    const keys = new Set<NonNullable<BucketOperation['key']>>();
    const watched = watch(bucket, ({ key }) => void (key && keys.add(key)));
    const { blobs } = openRepository(watched, name, { clock, partSizeBytes: 1, budget: createByteBudget(4096) });
    const error = await rejection(blobs.putUnknown(unknown(pattern(10_001))));
    expect(error).toMatchObject({ code: 'object-too-large', hint: expect.stringContaining('--part-size') });
    expect(await leftovers(bucket, keys)).toEqual([]);
  });

  test('is the same bytes, however they come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), async (chunks) => {
        const bucket = createMemoryBucket({ clock });
        const bytes = new Uint8Array(Buffer.concat(chunks));
        async function* open(): ByteStream {
          yield* chunks;
        }
        expect(await openSmallRepository(bucket, clock).blobs.putUnknown({ open })).toEqual(contentOf(bytes));
        expect(Buffer.from((await readBlob(bucket, bytes))!).equals(bytes)).toBe(true);
      }),
    );
  });
});
