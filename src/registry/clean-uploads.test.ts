import { expect, test } from 'vitest';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { toObjectKey } from '../bucket/object-key.ts';
import { formatKey } from '../layout/keys.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { cleanUploads } from './clean-uploads.ts';

const dayMs = 24 * 60 * 60_000;
const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const keyOf = (name: string) => formatKey({ kind: 'blob', name: parseRepositoryName(name), digest });
const sizes = { size: 10, partSize: 5 };

async function openWithUploads() {
  const clock = createVirtualClock();
  const bucket = createMemoryBucket({ clock });
  const { multipart } = bucket;
  const staged = formatKey({ kind: 'staging', id: 'one' });
  for (const key of [keyOf('app'), keyOf('app/child'), staged, toObjectKey('v2/somebody/elses'), toObjectKey('elsewhere')]) {
    await multipart!.create(key, sizes);
  }
  clock.advance(dayMs);
  await multipart!.create(keyOf('app'), sizes);
  clock.advance(1000);
  const left = async (): Promise<string[]> => (await Array.fromAsync(multipart!.listUploadsBelow(''))).map(({ key }) => key);
  return { bucket, clock, staged, left };
}

test('uploads of blobs, staged ones too, that are past the grace period are aborted, and no others', async () => {
  const { bucket, clock, staged, left } = await openWithUploads();
  const { aborted, kept } = await cleanUploads(bucket, { nowMs: clock.now() });
  expect([aborted.map(({ key }) => key).sort(), kept]).toEqual([[keyOf('app'), keyOf('app/child'), staged].sort(), 1]);
  expect((await left()).sort()).toEqual(['elsewhere', keyOf('app'), 'v2/somebody/elses']);
});

test('of one repository nothing of others goes, nor of those below it', async () => {
  const { bucket, clock, left } = await openWithUploads();
  const { aborted, kept } = await cleanUploads(bucket, { name: parseRepositoryName('app'), nowMs: clock.now(), graceMs: 0 });
  expect([aborted.map(({ key }) => key), kept]).toEqual([[keyOf('app'), keyOf('app')], 0]);
  expect(await left()).toContain(keyOf('app/child'));
});

test('a store without uploads has none to clean', async () => {
  const bucket = createMemoryBucket({ quirks: { lacksMultipart: true } });
  expect(await cleanUploads(bucket, { nowMs: 0 })).toEqual({ aborted: [], kept: 0 });
});
