import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { aroundBucket } from '../../src/bucket/decorators/around-bucket.ts';
import { createMemoryBucket, type MemoryBucketOptions } from '../../src/bucket/memory/memory-bucket.ts';
import { type CodedError, hasCode } from '../../src/errors/coded-error.ts';
import { fallbackTagOf } from '../../src/oci/fallback-tag.ts';
import { formatKey } from '../../src/layout/keys.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parseDigest } from '../../src/oci/digest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseTag } from '../../src/oci/repository-name.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, type Graph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { createFailingBucket, failureModes } from './failing-bucket.ts';
import { findBrokenReads } from './reader-view.ts';
import { openSmallRepository, repositoryTarget } from './repository-target.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

const latest = parseTag('latest');

/** Two versions of an image: the first of one platform; the second an index of two, attested, with a large layer, and signed. */
async function createVersions(): Promise<{ readonly graph: Graph; readonly first: Descriptor; readonly second: Descriptor }> {
  const graph = createGraph();
  const first = await addImage(graph, 'linux/amd64', ['shared', 'old']);
  const second = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
  addManifest(graph, mediaTypes.imageManifest, {
    artifactType: 'application/vnd.example.signature',
    config: addBlob(graph, mediaTypes.emptyJson, '{}'),
    layers: [addBlob(graph, 'application/vnd.example.signature', 'signed '.repeat(100))],
    subject: second,
  });
  return { graph, first, second };
}

/** One run of the command: all that a process keeps in memory is new. */
async function push(bucket: Bucket, clock: VirtualClock, graph: Graph, root: Descriptor): Promise<void> {
  const target = repositoryTarget(openSmallRepository(bucket, clock), latest);
  await copyImage(createMemorySource(graph, root), target, { referrers: true });
}

/** What a failing push throws; anything but one of our errors fails the test. */
async function pushOrFail(...run: Parameters<typeof push>): Promise<CodedError | undefined> {
  try {
    await push(...run);
    return undefined;
  } catch (error) {
    if (hasCode(error)) return error;
    throw error;
  }
}

const stores: readonly (readonly [string, MemoryBucketOptions])[] = [
  ['a store that can do all', {}],
  ['a store that ignores conditions', { abilities: { conditionalPut: 'ignored' } }],
  ['a store without conditions', { abilities: { conditionalPut: 'none' } }],
  ['a store without multipart uploads', { quirks: { lacksMultipart: true } }],
  ['a store whose ETags and part lists tell nothing', { abilities: { verifiesSha256: false }, quirks: { opaqueETags: true } }],
];

describe.each(stores)('a push that fails at any call to %s', (_, options) => {
  test.each(failureModes)('leaves every visible tag whole, and the same push again ends well (%s)', async (mode) => {
    const { graph, first, second } = await createVersions();
    let failures = 0;
    for (let n = 1; ; n += 1) {
      const clock = createVirtualClock();
      const inner = createMemoryBucket({ ...options, clock });
      await push(inner, clock, graph, first);
      const failing = createFailingBucket(inner, n, mode);
      const error = await pushOrFail(failing.bucket, clock, graph, second);
      if (error) failures += 1;
      expect(await findBrokenReads(inner), `after call ${n}`).toEqual([]);
      const repository = openSmallRepository(inner, clock);
      const named = (await repository.manifests.get(latest))?.descriptor.digest;
      expect(error ? [first.digest, second.digest] : [second.digest], `after call ${n}`).toContain(named);

      await push(inner, clock, graph, second);
      expect(await findBrokenReads(inner), `after call ${n} and another push`).toEqual([]);
      expect((await repository.manifests.get(latest))?.descriptor.digest).toBe(second.digest);
      await expectFinished(inner, clock, graph, second);
      if (failing.calls() < n) break;
    }
    expect(failures).toBeGreaterThan(50);
  });
});

/** Lists, referrers and their fallback say what is there, and every manifest has its index of referrers. */
async function expectFinished(bucket: Bucket, clock: VirtualClock, graph: Graph, root: Descriptor): Promise<void> {
  const repository = openSmallRepository(bucket, clock);
  expect(await repository.tags.list()).toEqual([latest]);
  const referrers = await repository.referrers.list(root.digest);
  expect(referrers?.map(({ artifactType }) => artifactType)).toEqual(['application/vnd.example.signature']);
  expect(await bucket.head(formatKey({ kind: 'fallback-tag', name: repository.name, tag: fallbackTagOf(root.digest) }))).toBeDefined();
  expect(await bucket.head(formatKey({ kind: 'repository-marker', name: repository.name }))).toBeDefined();
  for (const digest of graph.manifests.keys()) expect(await repository.referrers.has(parseDigest(digest)), digest).toBe(true);
}

describe('readers', () => {
  test('are broken at no moment of a push, whatever they look at after each write', async () => {
    const { graph, first, second } = await createVersions();
    const clock = createVirtualClock();
    const inner = createMemoryBucket({ clock });
    const writes: string[] = [];
    const watched = aroundBucket(inner, {
      async call({ name, key }, run) {
        const result = await run();
        if (['put', 'complete', 'copy', 'delete', 'deleteMany'].includes(name)) {
          writes.push(key ?? name);
          expect(await findBrokenReads(inner), `after ${name} of ${key}`).toEqual([]);
        }
        return result;
      },
      iterate: (_, open) => open(),
    });
    await push(watched, clock, graph, first);
    await push(watched, clock, graph, second);
    expect(writes.length).toBeGreaterThan(30);
    expect(writes.at(-1)).toBe(formatKey({ kind: 'tag', name: openSmallRepository(inner, clock).name, tag: latest }));
  });
});
