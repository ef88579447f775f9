import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import type { BucketOperation } from '../../src/bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { formatKey, packRecipesRoot, stagingRoot } from '../../src/layout/keys.ts';
import { formatPackedBlob } from '../../src/layout/pack-recipe.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseTag } from '../../src/oci/repository-name.ts';
import { createLayerPacker } from '../../src/packing/layer-packer.node.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { readAll } from '../../src/streams/read-all.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { withFaults } from '../contract/with-faults.ts';
import { addBlob, addManifest, createGraph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { findBrokenReads } from './reader-view.ts';
import { openSmallRepository, repositoryTarget } from './repository-target.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

const readOperations = ['get', 'head', 'list', 'listParts', 'listUploads'];
/** Packed, the first goes up in eight parts of 128 bytes and the second with one PUT. */
const plainLayers = [randomBytes(1000), Buffer.from('a small layer')];
const tag = parseTag('latest');

interface Pushed {
  readonly digest: string;
  readonly layers: readonly Descriptor[];
  /** Uncompressed layers that were read. */
  readonly read: number;
  /** Keys that were written to below a repository's blobs or the staging root. */
  readonly blobWrites: readonly string[];
}

let clock: VirtualClock;
let bucket: Bucket;

beforeEach(() => {
  clock = createVirtualClock();
  bucket = createMemoryBucket({ clock });
});

async function push({ level, name }: { readonly level?: number; readonly name?: string } = {}): Promise<Pushed> {
  const graph = createGraph();
  const diffIds = plainLayers.map((layer) => `sha256:${digestHex('sha256', layer)}`);
  const config = addBlob(graph, mediaTypes.imageConfig, JSON.stringify({ rootfs: { type: 'layers', diff_ids: diffIds } }));
  const layers = plainLayers.map((layer) => addBlob(graph, mediaTypes.layer, layer));
  const memory = createMemorySource(graph, addManifest(graph, mediaTypes.imageManifest, { config, layers }));
  const read = new Set<string>();
  const blob = (descriptor: Descriptor) => {
    if (descriptor.mediaType === mediaTypes.layer) read.add(descriptor.digest);
    return memory.blob(descriptor);
  };
  const writes: BucketOperation[] = [];
  const watched = withFaults(bucket, (operation) => {
    if (!readOperations.includes(operation.name)) writes.push(operation);
    return undefined;
  });
  const repository = openSmallRepository(watched, clock, name);
  const { root } = await copyImage({ ...memory, blob, isPackable: true }, repositoryTarget(repository, tag), {
    packer: createLayerPacker('gzip', level),
  });
  const manifest = (await repository.manifests.get(root.digest))?.manifest;
  return {
    digest: root.digest,
    layers: manifest?.kind === 'image' ? manifest.layers : expect.unreachable(),
    read: read.size,
    blobWrites: writes.map(({ key }) => key ?? '').filter((key) => key.includes('/blobs/') || key.startsWith(stagingRoot)),
  };
}

async function readRecipes(): Promise<ReadonlyMap<string, string>> {
  const recipes = new Map<string, string>();
  for await (const entry of bucket.list({ prefix: packRecipesRoot })) {
    if (entry.kind !== 'object') continue;
    const content = (await bucket.get(entry.key)) ?? expect.unreachable();
    recipes.set(entry.key, new TextDecoder().decode(await readAll(content.body, 4096, 'a recipe')));
  }
  return recipes;
}

async function overwriteRecipes(body: Uint8Array): Promise<void> {
  for (const key of (await readRecipes()).keys())
    await bucket.put(toObjectKey(key), bytesSource(body), { contentType: 'application/json' });
}

describe('a layer that was packed by an earlier push', () => {
  test('is recorded once it is there, under a key and with a body that say nothing but what it became', async () => {
    const { layers, read } = await push();
    expect(read).toBe(2);
    const recipes = await readRecipes();
    expect([...recipes.values()].toSorted()).toEqual(layers.map(({ digest, size }) => `{"digest":"${digest}","size":${size}}`).toSorted());
    const [key] = recipes.keys();
    expect(await bucket.head(toObjectKey(key!))).toMatchObject({ contentType: 'application/json', cacheControl: 'no-cache' });
  });

  test('is not read, packed or sent by the next one', async () => {
    const first = await push();
    expect(await push()).toEqual({ ...first, read: 0, blobWrites: [] });
    expect(await findBrokenReads(bucket)).toEqual([]);
  });

  test('is packed again at another level, and both are known from then on', async () => {
    const first = await push({ level: 1 });
    expect(await push({ level: 9 })).toMatchObject({ read: 2 });
    expect(await push({ level: 1 })).toEqual({ ...first, read: 0, blobWrites: [] });
    expect(await push({ level: 9 })).toMatchObject({ read: 0, blobWrites: [] });
  });

  test('is packed again for another repository, which does not have it', async () => {
    const first = await push();
    expect(await push({ name: 'team/other' })).toMatchObject({ digest: first.digest, read: 2 });
    expect(await push()).toMatchObject({ read: 0, blobWrites: [] });
  });

  test('is packed again where its blob is missing, and then known', async () => {
    const first = await push();
    const { name } = openSmallRepository(bucket, clock);
    await bucket.delete(formatKey({ kind: 'blob', name, digest: first.layers[0]!.digest }));
    expect(await push()).toMatchObject({ digest: first.digest, read: 1 });
    expect(await findBrokenReads(bucket)).toEqual([]);
    expect(await push()).toMatchObject({ read: 0, blobWrites: [] });
  });

  test.each([
    ['is no JSON', () => Buffer.from('{"digest":')],
    ['is too large', () => Buffer.alloc(5000, ' ')],
    ['names a blob that is nowhere', () => formatPackedBlob({ digest: plainDigest(), size: 12 })],
    ['gives another size', (layers: readonly Descriptor[]) => formatPackedBlob({ ...layers[0]!, size: 12 })],
  ] as const)('is packed again, and recorded anew, where the record %s', async (_, makeBody) => {
    const first = await push();
    const before = await readRecipes();
    await overwriteRecipes(makeBody(first.layers));
    expect(await push()).toMatchObject({ digest: first.digest, read: 2 });
    expect(await readRecipes()).toEqual(before);
  });

  test('is what it was before it was packed', async () => {
    await push();
    const { layers } = await push();
    const { blobs } = openSmallRepository(bucket, clock);
    const unpacked = await Promise.all(
      layers.map(async (layer) => gunzipSync(await readAll(blobs.open(layer).open(), layer.size, 'a layer'))),
    );
    expect(unpacked).toEqual(plainLayers);
  });

  function plainDigest() {
    return addBlob(createGraph(), mediaTypes.layer, plainLayers[0]!).digest;
  }
});
