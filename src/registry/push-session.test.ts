import { describe, expect, test } from 'vitest';
import { findBrokenReads } from '../../test/faults/reader-view.ts';
import { openSmallRepository, repositoryTarget } from '../../test/faults/repository-target.ts';
import { createVirtualClock, type VirtualClock } from '../../test/faults/virtual-clock.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, type Graph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket, type BucketOperation } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { type CollectionState, formatCollectionState, maxUntaggedMs } from '../layout/collection-state.ts';
import { formatBucketFormat } from '../layout/format-version.ts';
import { formatKey } from '../layout/keys.ts';
import { parseKey } from '../layout/parse-key.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { listChildren, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { copyImage } from '../transfer/copy-image.ts';

const name = parseRepositoryName('team/app');
const latest = parseTag('latest');
const collectionKey = formatKey({ kind: 'collection', name });

/** Sees each call before the store does. */
function watch(inner: Bucket, before: (operation: BucketOperation) => void | Promise<void>): Bucket {
  return aroundBucket(inner, {
    async call(operation, run) {
      await before(operation);
      return run();
    },
    async *iterate(operation, open) {
      await before(operation);
      yield* open();
    },
  });
}

const isTagPut = ({ name: operation, key }: BucketOperation): boolean =>
  operation === 'put' && key !== undefined && parseKey(key)?.kind === 'tag';

function push(bucket: Bucket, clock: VirtualClock, graph: Graph, root: Descriptor, tag = latest): Promise<unknown> {
  return copyImage(createMemorySource(graph, root), repositoryTarget(openSmallRepository(bucket, clock), tag));
}

async function writeState(bucket: Bucket, state: CollectionState): Promise<void> {
  await bucket.put(collectionKey, bytesSource(formatCollectionState(state)));
}

async function createPushed() {
  const clock = createVirtualClock();
  const bucket = createMemoryBucket({ clock });
  const graph = createGraph();
  const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
  return { clock, bucket, graph, root };
}

describe('a push', () => {
  test('into an empty bucket leaves v2/, the format, the marker, an index of referrers for each manifest, the tag and its list', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    await push(bucket, clock, graph, root);
    const kinds = new Map<string, number>();
    for await (const entry of bucket.list()) {
      const kind = (entry.kind === 'object' && parseKey(entry.key)?.kind) || 'unknown';
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(Object.fromEntries(kinds)).toEqual({
      root: 1,
      format: 1,
      'repository-marker': 1,
      blob: graph.blobs.size,
      manifest: 5,
      referrers: 5,
      tag: 1,
      'tag-list': 1,
    });
    expect(await findBrokenReads(bucket)).toEqual([]);
  });

  test('writes in the order of the format', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const order: string[] = [];
    const watched = watch(bucket, ({ name: operation, key }) => {
      if (operation !== 'put' && operation !== 'complete') return;
      const spec = parseKey(key ?? '');
      const isRoot = spec?.kind === 'manifest' && spec.digest === root.digest;
      order.push(isRoot ? 'root manifest' : (spec?.kind ?? 'unknown'));
    });
    await push(watched, clock, graph, root);
    const [first, last] = [(kind: string) => order.indexOf(kind), (kind: string) => order.lastIndexOf(kind)];
    expect(order.slice(0, 2)).toEqual(['root', 'format']);
    expect(last('blob')).toBeLessThan(first('manifest'));
    expect(last('manifest')).toBeLessThan(first('root manifest'));
    for (const kind of ['root manifest', 'referrers', 'repository-marker']) expect(last(kind)).toBeLessThan(first('tag'));
    expect(first('blob')).toBeLessThan(first('repository-marker'));
    expect(order.slice(-2)).toEqual(['tag', 'tag-list']);
  });

  test('of an image that the tag names already reads no layer, and writes nothing', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    await push(bucket, clock, graph, root);
    const calls: string[] = [];
    await push(
      watch(bucket, ({ name: operation, key }) => void calls.push(`${operation} ${key}`)),
      clock,
      { ...graph, blobs: new Map() },
      root,
    );
    expect(calls).toHaveLength(4);
    expect(calls.filter((call) => !call.startsWith('get'))).toEqual([]);
  });

  test('of an image that the tag names already lists the tag, if a push that crashed did not', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    await push(bucket, clock, graph, root);
    await bucket.delete(formatKey({ kind: 'tag-list', name }));
    await push(bucket, clock, graph, root);
    expect(await bucket.head(formatKey({ kind: 'tag-list', name }))).toBeDefined();
  });

  test('does not trust a manifest that is there without a tag: its push may have lost a blob to a collection', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const dying = watch(bucket, (operation) => {
      if (isTagPut(operation)) throw new BucketError('connection-failed', 'Cannot put: killed');
    });
    await expect(push(dying, clock, graph, root)).rejects.toMatchObject({ code: 'connection-failed' });
    const [lost] = graph.blobs.keys();
    await bucket.delete(formatKey({ kind: 'blob', name, digest: parseDigest(lost!) }));
    await push(bucket, clock, graph, root);
    expect(await findBrokenReads(bucket)).toEqual([]);
  });

  test('copies what another tag names without looking below it', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    await push(bucket, clock, graph, root);
    const repository = openSmallRepository(bucket, clock);
    const session = await repository.beginPush(parseTag('stable'), { copiedTag: latest });
    expect(await session.hasSubtree(root)).toBe(true);
    await session.putManifest(root, graph.manifests.get(root.digest)!);
    expect(await session.settle()).toBe('settled');
    await session.commit(root);
    expect(await repository.tags.list()).toEqual(['latest', 'stable']);
  });

  test('without a tag leaves none', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const target = repositoryTarget(openSmallRepository(bucket, clock), undefined);
    await copyImage(createMemorySource(graph, root), target);
    const repository = openSmallRepository(bucket, clock);
    expect(await repository.tags.list()).toEqual([]);
    expect((await repository.manifests.get(root.digest))?.descriptor).toEqual(root);
  });

  test('lists its repository in the catalog only where the bucket keeps one', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    await bucket.put(formatKey({ kind: 'format' }), bytesSource(formatBucketFormat({ catalog: true })));
    await push(bucket, clock, graph, root);
    expect(await bucket.head(formatKey({ kind: 'catalog' }))).toBeDefined();
  });

  test('cannot be committed before it is settled', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const session = await openSmallRepository(bucket, clock).beginPush(latest);
    await session.putManifest(root, graph.manifests.get(root.digest)!);
    await expect(session.commit(root)).rejects.toMatchObject({ code: 'internal' });
  });

  test('ends what it began ahead for a blob that came by another way', async () => {
    const clock = createVirtualClock();
    const bucket = createMemoryBucket({ clock });
    const graph = createGraph();
    const text = 'long '.repeat(100);
    const layer = addBlob(graph, mediaTypes.layer, text);
    const root = addManifest(graph, mediaTypes.imageManifest, { config: addBlob(graph, mediaTypes.imageConfig, '{}'), layers: [layer] });
    const repository = openSmallRepository(bucket, clock);
    const session = await repository.beginPush(latest);
    const key = formatKey({ kind: 'blob', name, digest: parseDigest(layer.digest) });
    const listUploads = () => Array.fromAsync(bucket.multipart!.listUploads(key));
    expect(await session.hasBlob(layer)).toBe(false);
    expect(await listUploads()).toHaveLength(1);
    await bucket.put(key, bytesSource(Buffer.from(text)));
    await session.putManifest(root, graph.manifests.get(root.digest)!);
    expect(await session.settle()).toBe('settled');
    await session.commit(root);
    expect(await listUploads()).toEqual([]);
  });

  test('that breaks off before it sends a blob ends what it began ahead for it', async () => {
    const clock = createVirtualClock();
    const inner = createMemoryBucket({ clock });
    const layer = addBlob(createGraph(), mediaTypes.layer, 'long '.repeat(100));
    const key = formatKey({ kind: 'blob', name, digest: parseDigest(layer.digest) });
    let begun = 0;
    const broken = watch(inner, ({ name: operation, key: asked }) => {
      if (operation === 'create') begun += 1;
      if (operation === 'head' && asked === key) throw new BucketError('access-denied', 'Cannot look: denied');
    });
    const session = await openSmallRepository(broken, clock).beginPush(latest);
    await expect(session.hasBlob(layer)).rejects.toMatchObject({ code: 'access-denied' });
    await session.abandon();
    expect(begun).toBe(1);
    expect(await Array.fromAsync(inner.multipart!.listUploads(key))).toEqual([]);
  });

  test('that is discarded aborts the uploads that it created, and else leaves them', async () => {
    for (const discard of [true, false]) {
      const clock = createVirtualClock();
      const inner = createMemoryBucket({ clock });
      const graph = createGraph();
      const root = await addImage(graph, 'linux/amd64', [Array.from({ length: 500 }, (_, n) => (n * n * 7919) % 1013).join()]);
      const full = watch(inner, ({ name: operation }) => {
        if (operation === 'complete') throw new BucketError('storage-full', 'Cannot complete: full');
      });
      const target = repositoryTarget(openSmallRepository(full, clock), latest);
      await expect(copyImage(createMemorySource(graph, root), target, { discard })).rejects.toMatchObject({ code: 'storage-full' });
      const layer = listChildren(parseManifest(graph.manifests.get(root.digest)!))[1]!;
      const uploads = await Array.fromAsync(inner.multipart!.listUploads(formatKey({ kind: 'blob', name, digest: layer.digest })));
      expect(uploads.length).toBe(discard ? 0 : 1);
    }
  });
});

describe('a push that meets a collection', () => {
  /** A push of a graph whose first blob is there and is deleted by a collection, which begins when the root manifest is put. */
  async function pushDuringCollection(endsBy: 'itself' | 'expiry' | 'at once') {
    const { clock, bucket, graph, root } = await createPushed();
    const [condemned] = [...graph.blobs.keys()].map((digest) => parseDigest(digest));
    const blobKey = formatKey({ kind: 'blob', name, digest: condemned! });
    await bucket.put(blobKey, bytesSource(graph.blobs.get(condemned!)!));
    const rootKey = formatKey({ kind: 'manifest', name, digest: root.digest });
    const began: number[] = [];
    const tagged: number[] = [];
    let polls = 0;
    const raced = watch(bucket, async (operation) => {
      if (operation.name === 'put' && operation.key === rootKey && began.length === 0) {
        began.push(clock.now());
        await writeState(bucket, { generation: 1, running: { durationMs: 600_000, condemned: [condemned!] } });
        await bucket.delete(blobKey);
        if (endsBy === 'at once') await writeState(bucket, { generation: 1 });
      }
      if (operation.key === collectionKey && began.length > 0 && ++polls === 4 && endsBy === 'itself')
        await writeState(bucket, { generation: 1 });
      if (isTagPut(operation)) tagged.push(clock.now());
    });
    await push(raced, clock, graph, root);
    expect(await findBrokenReads(bucket)).toEqual([]);
    expect(await openSmallRepository(bucket, clock).tags.digestOf(latest)).toBe(root.digest);
    return tagged[0]! - began[0]!;
  }

  test('waits for its end, sends again what it took, and only then tags', async () => {
    expect(await pushDuringCollection('itself')).toBeLessThan(60_000);
  });

  test('waits for its expiry when it crashed', async () => {
    expect(await pushDuringCollection('expiry')).toBeGreaterThanOrEqual(600_000);
  });

  test('looks again though it has ended by the time it is noticed', async () => {
    expect(await pushDuringCollection('at once')).toBe(0);
  });

  test('that was under way before, and condemned what the push found, looks again though it ended meanwhile', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const [condemned] = [...graph.blobs.keys()].map((digest) => parseDigest(digest));
    const blobKey = formatKey({ kind: 'blob', name, digest: condemned! });
    await bucket.put(blobKey, bytesSource(graph.blobs.get(condemned!)!));
    await writeState(bucket, { generation: 3, running: { durationMs: 600_000, condemned: [condemned!] } });
    let hasEnded = false;
    const raced = watch(bucket, async ({ name: operation, key }) => {
      if (hasEnded || operation !== 'put' || key !== formatKey({ kind: 'manifest', name, digest: root.digest })) return;
      hasEnded = true;
      await bucket.delete(blobKey);
      await writeState(bucket, { generation: 3 });
    });
    await push(raced, clock, graph, root);
    expect(await findBrokenReads(bucket)).toEqual([]);
  });

  test('that condemns a packed layer asks for all again where the push found it by its recipe, and only there', async () => {
    const { clock, bucket } = await createPushed();
    const repository = openSmallRepository(bucket, clock);
    const recipe = { diffId: parseDigest(`sha256:${'0'.repeat(64)}`), compression: 'gzip', level: 4, packer: 'a packer' };
    const first = await repository.beginPush(undefined);
    const packed = await first.putUnknownBlob({ open: () => bytesSource(Buffer.from('packed')).open() });
    await first.recordPacked(recipe, packed);
    await writeState(bucket, { generation: 1, running: { durationMs: 600_000, condemned: [packed.digest] } });
    const [finding, other] = [await repository.beginPush(undefined), await repository.beginPush(undefined)];
    expect(await finding.findPacked(recipe)).toEqual(packed);
    expect(await finding.settle()).toBe('again');
    await writeState(bucket, { generation: 1, running: { durationMs: 600_000, condemned: [packed.digest] } });
    expect(await other.findPacked({ ...recipe, level: 5 })).toBeUndefined();
    expect(await other.settle()).toBe('settled');
  });

  test('that condemns nothing of the push is not waited for', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const other = parseDigest(`sha256:${'0'.repeat(64)}`);
    await writeState(bucket, { generation: 1, running: { durationMs: 600_000, condemned: [other] } });
    const before = clock.now();
    await push(bucket, clock, graph, root);
    expect(clock.now() - before).toBeLessThan(1000);
  });

  test('skips no subtree while it is under way, also one that a tag names', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    await push(bucket, clock, graph, root);
    await writeState(bucket, { generation: 1, running: { durationMs: 600_000, condemned: [] } });
    const session = await openSmallRepository(bucket, clock).beginPush(latest);
    expect(await session.hasSubtree(root)).toBe(false);
  });

  test('gives up by name when collections come between again and again', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    let generation = 0;
    const restless = watch(bucket, async ({ name: operation, key }) => {
      if (operation === 'get' && key === collectionKey) await writeState(bucket, { generation: ++generation });
    });
    const session = await openSmallRepository(restless, clock).beginPush(latest);
    await session.putManifest(root, graph.manifests.get(root.digest)!);
    for (let round = 1; round < 10; round += 1) expect(await session.settle()).toBe('again');
    await expect(session.settle()).rejects.toMatchObject({ code: 'collection-busy' });
  });
});

describe('a push that is slow', () => {
  /** A session that was told of its only manifest, an index without images, and missed all of it. */
  async function createTold() {
    const clock = createVirtualClock();
    const inner = createMemoryBucket({ clock });
    const reads: string[] = [];
    const bucket = watch(inner, ({ name: operation, key }) => void reads.push(`${operation} ${key}`));
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [] });
    const session = await openSmallRepository(bucket, clock).beginPush(latest);
    const countAsks = (): number => reads.filter((read) => read === `get ${collectionKey}`).length;
    return { clock, inner, session, root, bytes: graph.manifests.get(root.digest)!, countAsks };
  }

  test('is settled by what it asked before its manifests only if it is quick', async () => {
    for (const isQuick of [true, false]) {
      const { clock, session, root, bytes, countAsks } = await createTold();
      await session.prepare(root, [root]);
      expect(countAsks()).toBe(2);
      clock.advance(isQuick ? 60_000 : maxUntaggedMs);
      await session.putManifest(root, bytes);
      expect(await session.settle()).toBe('settled');
      expect(countAsks()).toBe(isQuick ? 2 : 3);
      await session.commit(root);
    }
  });

  test('asks after its manifests where it found one of them, or its index of referrers: both may be old', async () => {
    for (const kind of ['manifest', 'referrers'] as const) {
      const { inner, session, root, bytes, countAsks } = await createTold();
      await inner.put(formatKey({ kind, name, digest: root.digest }), bytesSource(bytes));
      await session.prepare(root, [root]);
      expect(countAsks()).toBe(1);
      await session.putManifest(root, bytes);
      expect(await session.settle()).toBe('settled');
      expect(countAsks()).toBe(2);
    }
  });

  test('notices a collection that came before it asked early', async () => {
    const { inner, session, root, bytes } = await createTold();
    await writeState(inner, { generation: 1 });
    await session.prepare(root, [root]);
    await session.putManifest(root, bytes);
    expect(await session.settle()).toBe('again');
  });

  test('takes no tag for a witness that it read half a grace period before the state of collection', async () => {
    for (const pauseMs of [0, maxUntaggedMs]) {
      const { clock, bucket, graph, root } = await createPushed();
      await push(bucket, clock, graph, root);
      const slow = watch(bucket, async ({ name: operation, key }) => {
        if (operation !== 'get' || key !== collectionKey) return;
        await new Promise((resolve) => setImmediate(resolve));
        clock.advance(pauseMs);
      });
      const session = await openSmallRepository(slow, clock).beginPush(latest);
      expect(await session.hasSubtree(root)).toBe(pauseMs === 0);
    }
  });

  test('puts its manifests again when they are no longer young at its end', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const session = await openSmallRepository(bucket, clock).beginPush(latest);
    const bytes = graph.manifests.get(root.digest)!;
    await session.putManifest(root, bytes);
    clock.advance(maxUntaggedMs + 1);
    expect(await session.settle()).toBe('again');
    await session.putManifest(root, bytes);
    expect(await session.settle()).toBe('settled');
  });

  test('is refused the tag when they grew old after it was settled', async () => {
    const { clock, bucket, graph, root } = await createPushed();
    const session = await openSmallRepository(bucket, clock).beginPush(latest);
    await session.putManifest(root, graph.manifests.get(root.digest)!);
    await session.settle();
    clock.advance(maxUntaggedMs + 1);
    await expect(session.commit(root)).rejects.toMatchObject({ code: 'collection-busy' });
    const repository = openSmallRepository(bucket, clock);
    expect([await repository.tags.list(), await repository.referrers.has(root.digest)]).toEqual([[], false]);
  });
});
