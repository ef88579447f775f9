import { expect, test } from 'vitest';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { toObjectKey } from '../bucket/object-key.ts';
import { formatKey } from '../layout/keys.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { cleanUploads } from './clean-uploads.ts';

const dayMs = 24 * 60 * 60_000;
const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const keyOf = (name: string) => formatKey({ kind: 'blob', name: parseRepositoryName(name), digest });
const sizes = { size: 10, partSize: 5 };
const staged = formatKey({ kind: 'staging', id: 'one' });

async function openWithUploads(tellsUploadsOfKeysOnly = false) {
  const clock = createVirtualClock();
  const bucket = createMemoryBucket({ clock, quirks: { tellsUploadsOfKeysOnly } });
  const { multipart } = bucket;
  for (const key of [keyOf('app'), keyOf('app/child'), staged, toObjectKey('v2/somebody/elses'), toObjectKey('elsewhere')]) {
    await multipart!.create(key, sizes);
  }
  clock.advance(dayMs);
  await multipart!.create(keyOf('app'), sizes);
  clock.advance(1000);
  const left = async (): Promise<string[]> => {
    const keys = [keyOf('app'), keyOf('app/child'), staged, toObjectKey('v2/somebody/elses'), toObjectKey('elsewhere')];
    const uploads = await Promise.all(keys.map((key) => Array.fromAsync(multipart!.listUploads(key))));
    return uploads.flat().map(({ key }) => key);
  };
  return { bucket, clock, left };
}

test('uploads of blobs, staged ones too, that are past the grace period are aborted, and no others', async () => {
  const { bucket, clock, left } = await openWithUploads();
  const { aborted, kept, keysAsked } = await cleanUploads(bucket, { nowMs: clock.now() });
  expect([aborted.map(({ key }) => key).sort(), kept]).toEqual([[keyOf('app'), keyOf('app/child'), staged].sort(), 1]);
  expect(keysAsked).toBeUndefined();
  expect((await left()).sort()).toEqual(['elsewhere', keyOf('app'), 'v2/somebody/elses']);
});

test('of one repository nothing of others goes, nor of those below it, nor what is staged for whomever', async () => {
  const { bucket, clock, left } = await openWithUploads();
  await bucket.put(staged, bytesSource(new Uint8Array(1)));
  clock.advance(1);
  const { aborted, deleted, kept } = await cleanUploads(bucket, { name: parseRepositoryName('app'), nowMs: clock.now(), graceMs: 0 });
  expect([aborted.map(({ key }) => key), deleted, kept]).toEqual([[keyOf('app'), keyOf('app')], [], 0]);
  expect(await left()).toEqual(expect.arrayContaining([keyOf('app/child'), staged]));
});

test('staged objects that are past the grace period are deleted, and nothing else', async () => {
  const clock = createVirtualClock();
  const bucket = createMemoryBucket({ clock });
  const young = formatKey({ kind: 'staging', id: 'young' });
  const others = [keyOf('app'), toObjectKey('_bucketry/staging/Not ours'), formatKey({ kind: 'format' })];
  for (const key of [staged, ...others]) await bucket.put(key, bytesSource(new Uint8Array(1)));
  clock.advance(dayMs + 1);
  await bucket.put(young, bytesSource(new Uint8Array(1)));
  expect(await cleanUploads(bucket, { nowMs: clock.now() })).toMatchObject({ deleted: [staged], kept: 1 });
  const left = await Array.fromAsync(bucket.list());
  expect(left.map((entry) => (entry.kind === 'object' ? entry.key : '')).sort()).toEqual([young, ...others].sort());
});

test('a dry run tells the same, and removes nothing', async () => {
  const { bucket, clock, left } = await openWithUploads();
  await bucket.put(staged, bytesSource(new Uint8Array(1)));
  clock.advance(dayMs + 1);
  const before = await left();
  const told = await cleanUploads(bucket, { nowMs: clock.now(), isDryRun: true });
  expect(await left()).toEqual(before);
  expect(await bucket.head(staged)).toBeDefined();
  expect(await cleanUploads(bucket, { nowMs: clock.now() })).toEqual(told);
  expect(await bucket.head(staged)).toBeUndefined();
});

test('where the store tells uploads of single keys only, those of blobs that are there and of keys that are known are found', async () => {
  const { bucket, clock, left } = await openWithUploads(true);
  await bucket.put(keyOf('app'), bytesSource(new Uint8Array(1)));
  const { aborted, kept, keysAsked } = await cleanUploads(bucket, { nowMs: clock.now(), knownKeys: [staged, toObjectKey('elsewhere')] });
  expect([aborted.map(({ key }) => key).sort(), kept, keysAsked]).toEqual([[keyOf('app'), staged].sort(), 1, 2]);
  // Begun elsewhere, of a blob that is not there: nobody can see it
  expect(await left()).toContain(keyOf('app/child'));
});

test('a store that tells all is not asked key by key when there is nothing', async () => {
  const bucket = createMemoryBucket();
  await bucket.put(keyOf('app'), bytesSource(new Uint8Array(1)));
  expect(await cleanUploads(bucket, { nowMs: 0 })).toEqual({ aborted: [], deleted: [], kept: 0, keysAsked: undefined });
  expect(await Array.fromAsync(bucket.multipart!.listUploadsBelow(''))).toEqual([]);
});

test('a store without uploads has none to clean', async () => {
  const bucket = createMemoryBucket({ quirks: { lacksMultipart: true } });
  expect(await cleanUploads(bucket, { nowMs: 0 })).toEqual({ aborted: [], deleted: [], kept: 0 });
});
