import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, type Graph } from '../../test/images/build-image.ts';
import { copyBack, copyTo } from '../../test/images/copy-back.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryTarget } from '../../test/images/memory-target.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { formatKey } from '../layout/keys.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { openRepository, type Repository } from '../registry/repository.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { copyImage } from '../transfer/copy-image.ts';
import { createBucketSource } from './bucket-source.ts';
import { createBucketTarget } from './bucket-target.ts';

const open = (bucket: Bucket, name = 'team/app'): Repository => openRepository(bucket, parseRepositoryName(name));
const targetOf = (repository: Repository, tag?: string) =>
  createBucketTarget(repository, { tag: tag === undefined ? undefined : parseTag(tag), location: `memory://${repository.name}` });
const sourceOf = (repository: Repository, reference: string) =>
  createBucketSource(repository, {
    reference: reference.includes(':') ? parseDigest(reference) : parseTag(reference),
    location: `memory://${repository.name}:${reference}`,
  });

async function pushed(bucket: Bucket, tag = '1.0'): Promise<{ repository: Repository; graph: Graph; root: Descriptor }> {
  const graph = createGraph();
  const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
  await copyTo(targetOf(open(bucket), tag), graph, root);
  return { repository: open(bucket), graph, root };
}

/** All keys of a bucket. */
async function keysOf(bucket: Bucket): Promise<string[]> {
  const entries = await Array.fromAsync(bucket.list());
  return entries.map((entry) => (entry.kind === 'object' ? entry.key : entry.prefix)).toSorted();
}

describe('an image in a bucket', () => {
  test('gives back what was pushed, by tag and by digest', async () => {
    const { repository, graph, root } = await pushed(createMemoryBucket());
    for (const reference of ['1.0', root.digest]) {
      const back = await copyBack(Promise.resolve(sourceOf(repository, reference)));
      expect(back.root).toEqual(root);
      expect(back.graph).toEqual(graph);
    }
  });

  test('gives back a blob that is sent and read in parts', async () => {
    const graph = createGraph();
    const large = Uint8Array.from({ length: 9 * 1024 * 1024 }, (_, index) => (index * 31) >> 7);
    const layer = addBlob(graph, mediaTypes.layer, large);
    const root = addManifest(graph, mediaTypes.imageManifest, { config: addBlob(graph, mediaTypes.imageConfig, '{}'), layers: [layer] });
    const bucket = createMemoryBucket();
    await copyTo(targetOf(open(bucket), 'large'), graph, root);
    const back = await copyBack(Promise.resolve(sourceOf(open(bucket), 'large')));
    expect(Buffer.compare(back.graph.blobs.get(layer.digest)!, large)).toBe(0);
  });

  test('sends nothing but the root when it is pushed again', async () => {
    const bucket = createMemoryBucket();
    const { repository, graph, root } = await pushed(bucket);
    const before = await keysOf(bucket);
    const { summary } = await copyImage(createMemorySource(graph, root), targetOf(repository, '1.0'));
    expect(summary).toMatchObject({ blobs: 0, manifests: 1 });
    expect(await keysOf(bucket)).toEqual(before);
  });

  test('sends no blob when it gets another tag', async () => {
    const bucket = createMemoryBucket();
    const { repository, root } = await pushed(bucket);
    const target = createBucketTarget(repository, { tag: parseTag('latest'), copiedTag: parseTag('1.0'), location: 'memory:' });
    const { summary } = await copyImage(sourceOf(repository, '1.0'), target);
    expect(summary).toMatchObject({ blobs: 0, skippedBlobs: 0, manifests: 1 });
    expect((await sourceOf(repository, 'latest').root()).digest).toBe(root.digest);
  });

  test('goes from bucket to bucket with its referrers', async () => {
    const [first, second] = [createMemoryBucket(), createMemoryBucket()];
    const { repository, graph, root } = await pushed(first);
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const signature = addManifest(graph, mediaTypes.imageManifest, { artifactType: 'a/signature', config, layers: [], subject: root });
    await copyTo(targetOf(repository), graph, signature);
    await copyImage(sourceOf(repository, '1.0'), targetOf(open(second), '1.0'), { referrers: true });
    const there = await sourceOf(open(second), '1.0').referrers?.(root);
    expect(there?.map(({ digest, artifactType }) => [digest, artifactType])).toEqual([[signature.digest, 'a/signature']]);
  });

  test('stays the image that its tag named when the copy began', async () => {
    const bucket = createMemoryBucket();
    const { repository, graph, root } = await pushed(bucket);
    const source = sourceOf(repository, '1.0');
    await source.root();
    await copyTo(targetOf(repository, '1.0'), graph, await addImage(graph, 'linux/s390x'));
    const target = createMemoryTarget();
    expect((await copyImage(source, target)).root.digest).toBe(root.digest);
  });
});

describe('an image that is not in a bucket as asked', () => {
  test('names the tags there are', async () => {
    const { repository } = await pushed(createMemoryBucket());
    const error = await rejection(copyBack(Promise.resolve(sourceOf(repository, '2.0'))));
    expect(error).toMatchObject({ code: 'tag-missing', side: 'source', hint: 'Its tags are 1.0.' });
  });

  test('is told from a repository that is not there, and a digest', async () => {
    const bucket = createMemoryBucket();
    const { repository } = await pushed(bucket);
    expect((await rejection(sourceOf(open(bucket, 'other'), '1.0').root())).code).toBe('repository-missing');
    expect((await rejection(sourceOf(repository, `sha256:${'0'.repeat(64)}`).root())).code).toBe('manifest-missing');
  });

  test('because its tag names a schema 1 manifest, which is said by name', async () => {
    const bucket = createMemoryBucket();
    const repository = open(bucket);
    const key = formatKey({ kind: 'tag', name: repository.name, tag: parseTag('old') });
    await bucket.put(key, bytesSource(new TextEncoder().encode('{"schemaVersion":1,"fsLayers":[]}')));
    expect((await rejection(sourceOf(repository, 'old').root())).code).toBe('schema-1-unsupported');
  });

  test.each([
    ['blob', 'blob-missing', 'digest-mismatch', 'size-mismatch'],
    ['manifest', 'manifest-missing', 'digest-mismatch', 'digest-mismatch'],
  ] as const)('because a %s is gone, changed, or short', async (kind, gone, changed, short) => {
    const bucket = createMemoryBucket();
    const { repository, graph, root } = await pushed(bucket);
    const contents = kind === 'blob' ? graph.blobs : graph.manifests;
    const [digest, bytes] = [...contents].find(([name]) => name !== root.digest)!;
    const key = formatKey({ kind, name: repository.name, digest: parseDigest(digest) });
    for (const [code, damage] of [
      [changed, () => bucket.put(key, bytesSource(bytes.with(0, bytes[0]! ^ 1)))],
      [short, () => bucket.put(key, bytesSource(bytes.subarray(1)))],
      [gone, () => bucket.delete(key)],
    ] as const) {
      await damage();
      expect(await rejection(copyBack(Promise.resolve(sourceOf(repository, '1.0'))))).toMatchObject({ code, side: 'source' });
    }
  });
});

describe('a push that fails', () => {
  test('shows no tag, and leaves the old one as it was', async () => {
    const bucket = createMemoryBucket();
    const { repository, graph, root } = await pushed(bucket);
    const other = await addImage(graph, 'linux/s390x', ['other']);
    const damaged = { ...createMemorySource(graph, other), blob: (blob: Descriptor) => bytesSource(new Uint8Array(blob.size)) };
    for (const tag of ['1.0', '2.0']) {
      expect(await rejection(copyImage(damaged, targetOf(repository, tag)))).toMatchObject({ code: 'digest-mismatch', side: 'source' });
    }
    expect(await repository.tags.list()).toEqual(['1.0']);
    expect((await sourceOf(repository, '1.0').root()).digest).toBe(root.digest);
  });
});
