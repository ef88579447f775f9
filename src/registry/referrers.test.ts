import { describe, expect, test } from 'vitest';
import { createJitteryBucket } from '../../test/faults/jittery-bucket.ts';
import { findBrokenReads } from '../../test/faults/reader-view.ts';
import { openSmallRepository } from '../../test/faults/repository-target.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { addManifest, createGraph, describeBytes } from '../../test/images/build-image.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { fallbackTagOf } from '../oci/fallback-tag.ts';
import { formatKey } from '../layout/keys.ts';
import { emptyReferrersIndex, type Referrer } from '../layout/referrers-index.ts';
import type { Digest } from '../oci/digest.ts';
import { maxManifestBytes } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import type { Repository } from './repository.ts';

const clock = createVirtualClock();
const subject = describeBytes(mediaTypes.imageManifest, new TextEncoder().encode('a subject')).digest;

function open(conditionalPut: 'atomic' | 'ignored' | 'none' = 'atomic'): { readonly bucket: Bucket; readonly repository: Repository } {
  const bucket = createMemoryBucket({ clock, abilities: { conditionalPut } });
  return { bucket, repository: openSmallRepository(bucket, clock) };
}

/** Stores a manifest that refers to the subject, and gives its descriptor as the index has it. */
async function putReferrer({ manifests }: Repository, text: string): Promise<Referrer> {
  const graph = createGraph();
  const { digest } = addManifest(graph, mediaTypes.imageIndex, {
    manifests: [],
    artifactType: 'application/vnd.example',
    annotations: { text },
  });
  const { descriptor } = await manifests.put(digest, graph.manifests.get(digest)!);
  return { ...descriptor, artifactType: 'application/vnd.example', annotations: { text } };
}

async function readFallback(bucket: Bucket, { name }: Repository): Promise<Uint8Array | undefined> {
  const content = await bucket.get(formatKey({ kind: 'fallback-tag', name, tag: fallbackTagOf(subject) }));
  return content && readAll(content.body, 1e6, 'the fallback tag');
}

test('a subject to which nothing refers has an empty index and no fallback tag', async () => {
  const { bucket, repository } = open();
  expect(await repository.referrers.list(subject)).toBeUndefined();
  await repository.referrers.rebuild(subject);
  expect(await repository.referrers.list(subject)).toEqual([]);
  expect(await readFallback(bucket, repository)).toBeUndefined();
});

test('a referrer is listed with its artifact type and annotations, at the key, under the fallback tag, and by the digest of that', async () => {
  const { bucket, repository } = open();
  const referrer = await putReferrer(repository, 'one');
  await repository.referrers.add(subject, referrer);
  expect(await repository.referrers.list(subject)).toEqual([referrer]);
  const index = await bucket.get(formatKey({ kind: 'referrers', name: repository.name, digest: subject }));
  expect(index).toMatchObject({ contentType: mediaTypes.imageIndex, cacheControl: 'no-cache' });
  const bytes = await readAll(index!.body, 1e6, 'the index');
  expect(Buffer.from((await readFallback(bucket, repository))!).equals(bytes)).toBe(true);
  const copy = describeBytes(mediaTypes.imageIndex, bytes);
  expect((await repository.manifests.get(copy.digest))?.descriptor).toEqual(copy);
  expect(await repository.referrers.has(copy.digest)).toBe(false);
  expect(await findBrokenReads(bucket)).toEqual([]);
});

test('an index that is asked for after the referrers came lists them, and never overwrites them', async () => {
  const { bucket, repository } = open();
  const referrer = await putReferrer(repository, 'one');
  await repository.referrers.add(subject, referrer);
  await repository.referrers.rebuild(subject);
  expect(await repository.referrers.list(subject)).toEqual([referrer]);
  await bucket.delete(formatKey({ kind: 'referrers', name: repository.name, digest: subject }));
  await repository.referrers.rebuild(subject);
  expect(await repository.referrers.list(subject)).toEqual([referrer]);
});

test('when the last referrer goes, its index and the fallback tag are empty', async () => {
  const { bucket, repository } = open();
  const referrer = await putReferrer(repository, 'one');
  await repository.referrers.add(subject, referrer);
  await repository.referrers.remove(subject, referrer.digest);
  expect(await repository.referrers.list(subject)).toEqual([]);
  expect(Buffer.from((await readFallback(bucket, repository))!).equals(emptyReferrersIndex)).toBe(true);
});

test('an index is dropped with its subject, but not while something refers to it', async () => {
  const { repository } = open();
  await repository.referrers.rebuild(subject);
  await repository.referrers.drop(subject);
  expect(await repository.referrers.has(subject)).toBe(false);
  const referrer = await putReferrer(repository, 'one');
  await repository.referrers.add(subject, referrer);
  await repository.referrers.drop(subject);
  expect(await repository.referrers.list(subject)).toEqual([referrer]);
});

test('a referrer that makes the index too large is refused, and the others stay', async () => {
  const { repository } = open();
  const small = await putReferrer(repository, 'small');
  await repository.referrers.add(subject, small);
  const large = { ...(await putReferrer(repository, 'large')), annotations: { text: 'x'.repeat(maxManifestBytes - 200) } };
  await expect(repository.referrers.add(subject, large)).rejects.toMatchObject({ code: 'manifest-too-large' });
  const other = await putReferrer(repository, 'other');
  await repository.referrers.add(subject, other);
  expect((await repository.referrers.list(subject))?.length).toBe(2);
});

test('a marker that holds another digest than its key is refused by name', async () => {
  const { bucket, repository } = open();
  const [one, two] = [await putReferrer(repository, 'one'), await putReferrer(repository, 'two')];
  const key = formatKey({ kind: 'referrer-marker', name: repository.name, subject, referrer: one.digest });
  await bucket.put(key, bytesSource(new TextEncoder().encode(JSON.stringify(two))));
  await expect(repository.referrers.rebuild(subject)).rejects.toMatchObject({ code: 'format-invalid' });
});

describe.each(['atomic', 'ignored', 'none'] as const)('where conditions are %s', (conditionalPut) => {
  test('six writers that refer to one subject at once lose none', async () => {
    const { bucket, repository } = open(conditionalPut);
    const referrers = await Promise.all(Array.from({ length: 18 }, (_, n) => putReferrer(repository, `${n}`)));
    const write = async (writer: number): Promise<void> => {
      const mine = openSmallRepository(createJitteryBucket(bucket, writer), clock).referrers;
      for (const referrer of referrers.filter((_, n) => n % 6 === writer)) await mine.add(subject, referrer);
      if (writer === 0) await mine.remove(subject, referrers[0]!.digest);
    };
    await Promise.all([0, 1, 2, 3, 4, 5].map(write));
    const digests = (list: readonly { readonly digest: Digest }[] | undefined): Digest[] =>
      (list ?? []).map(({ digest }) => digest).toSorted();
    expect(digests(await repository.referrers.list(subject))).toEqual(digests(referrers.slice(1)));
    const fallback = JSON.parse(new TextDecoder().decode(await readFallback(bucket, repository))) as { manifests: Referrer[] };
    expect(digests(fallback.manifests)).toEqual(digests(referrers.slice(1)));
    expect(await findBrokenReads(bucket)).toEqual([]);
  });
});
