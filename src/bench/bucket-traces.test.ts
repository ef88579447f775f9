import { expect, test } from 'vitest';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { formatBucketFormat } from '../layout/format-version.ts';
import { formatKey } from '../layout/keys.ts';
import type { KeySpec } from '../layout/keys.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { ensureBucketFormat } from '../registry/bucket-format.ts';
import { createCatalog } from '../registry/catalog.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { systemClock } from '../streams/clock.ts';
import { openBucketTraces } from './bucket-traces.ts';
import type { MadeImage } from './made-image.ts';

const name = parseRepositoryName('bucketry-bench-1');
const others = parseRepositoryName('bucketry-bench-10');
const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const signal = new AbortController().signal;
const descriptor = { mediaType: 'application/octet-stream', digest, size: 1 };
const image: MadeImage = { folder: '', tag: 'latest', layerFiles: ['layer'], manifest: descriptor, blobs: [descriptor], bytes: 1 };

async function put(bucket: Bucket, ...specs: readonly KeySpec[]): Promise<void> {
  for (const spec of specs) await bucket.put(formatKey(spec), bytesSource(new Uint8Array(1)));
}

async function listKeys(bucket: Bucket): Promise<string[]> {
  return (await Array.fromAsync(bucket.list())).flatMap((entry) => (entry.kind === 'object' ? [entry.key] : [])).sort();
}

async function pushImage(bucket: Bucket): Promise<void> {
  await ensureBucketFormat(bucket, systemClock);
  await put(bucket, { kind: 'blob', name, digest }, { kind: 'manifest', name, digest }, { kind: 'tag', name, tag: parseTag('bench-1') });
  await put(bucket, { kind: 'tag-list', name }, { kind: 'referrers', name, digest }, { kind: 'collection', name });
  await createCatalog(bucket, systemClock).mark(name);
}

test('a bucket that was empty is empty again', async () => {
  const bucket = createMemoryBucket();
  const traces = await openBucketTraces(bucket, name, signal);
  await pushImage(bucket);
  await traces.removeImage(image, signal);
  expect(await listKeys(bucket)).toEqual(['_bucketry/format', 'v2/']);
  await traces.removeFormat(signal);
  expect(await listKeys(bucket)).toEqual([]);
});

test('what others have stays, also where their name begins with ours', async () => {
  const bucket = createMemoryBucket();
  await ensureBucketFormat(bucket, systemClock);
  await put(bucket, { kind: 'blob', name: others, digest }, { kind: 'repository-marker', name: others }, { kind: 'staging', id: 'x' });
  const before = await listKeys(bucket);
  const traces = await openBucketTraces(bucket, name, signal);
  await pushImage(bucket);
  await traces.removeImage(image, signal);
  await traces.removeFormat(signal);
  expect(await listKeys(bucket)).toEqual(before);
});

test('the format stays where somebody else has pushed since', async () => {
  const bucket = createMemoryBucket();
  const traces = await openBucketTraces(bucket, name, signal);
  await pushImage(bucket);
  await put(bucket, { kind: 'repository-marker', name: others });
  await traces.removeImage(image, signal);
  await traces.removeFormat(signal);
  expect(await listKeys(bucket)).toEqual(['_bucketry/format', '_bucketry/repositories/bucketry-bench-10/_repository', 'v2/']);
});

test('uploads that were begun end with what they were for', async () => {
  const bucket = createMemoryBucket();
  const traces = await openBucketTraces(bucket, name, signal);
  const object = formatKey({ kind: 'staging', id: 'bench-1' });
  const keys = [formatKey({ kind: 'blob', name, digest }), object];
  for (const key of keys) await bucket.multipart?.create(key, { partSize: 5 * 2 ** 20 });
  await traces.removeImage(image, signal);
  await traces.removeObject(object, signal);
  for (const key of keys) expect(await Array.fromAsync(bucket.multipart!.listUploads(key))).toEqual([]);
});

test('a catalog that is kept does not name the repository any more', async () => {
  const bucket = createMemoryBucket();
  await bucket.put(formatKey({ kind: 'format' }), bytesSource(formatBucketFormat({ catalog: true })));
  await put(bucket, { kind: 'root' });
  const traces = await openBucketTraces(bucket, name, signal);
  await pushImage(bucket);
  await createCatalog(bucket, systemClock).include(name);
  await traces.removeImage(image, signal);
  const stored = await bucket.get(formatKey({ kind: 'catalog' }));
  expect(Buffer.concat(await Array.fromAsync(stored!.body)).toString()).not.toContain(name);
});
