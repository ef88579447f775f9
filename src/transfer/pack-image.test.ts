import { randomBytes } from 'node:crypto';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addBlob, addManifest, createGraph, type Graph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryTarget, type MemoryTarget } from '../../test/images/memory-target.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { createLayerPacker } from '../packing/layer-packer.node.ts';
import { digestHex } from '../streams/hasher.ts';
import { copyImage, type CopyOptions } from './copy-image.ts';
import type { TransferEvent } from './events.ts';
import type { ImageSource } from './image-source.ts';

const gzip = createLayerPacker('gzip');
const textLayer = Buffer.from('a line of text\n'.repeat(50_000));
const noiseLayer = randomBytes(100_000);

/** An image of uncompressed layers, as `docker save` has them; the config's diff IDs are those of `claimed`, if given. */
function plainImage(
  layers: readonly Uint8Array[],
  claimed: readonly Uint8Array[] = layers,
): { graph: Graph; root: Descriptor; source: ImageSource } {
  const graph = createGraph();
  const diffIds = claimed.map((bytes) => `sha256:${digestHex('sha256', bytes)}`);
  const body = JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } });
  const root = addManifest(graph, mediaTypes.imageManifest, {
    config: addBlob(graph, mediaTypes.imageConfig, body),
    layers: layers.map((bytes) => ({ ...addBlob(graph, mediaTypes.layer, bytes), annotations: { 'org.example': 'kept' } })),
    annotations: { 'org.example': 'kept, too' },
  });
  return { graph, root, source: { ...createMemorySource(graph, root), isPackable: true } };
}

function imageOf(target: MemoryTarget, root: Descriptor): ImageManifest {
  const manifest = parseManifest(target.graph.manifests.get(root.digest)!, root.mediaType);
  return manifest.kind === 'image' ? manifest : expect.unreachable();
}

async function pack(source: ImageSource, options: CopyOptions = { packer: gzip }, target = createMemoryTarget({ takesUnknown: true })) {
  const events: TransferEvent[] = [];
  const result = await copyImage(source, target, { ...options, onEvent: (event) => events.push(event) });
  return { ...result, target, events, image: imageOf(target, result.root) };
}

describe('packing on the way', () => {
  test.each([
    ['gzip', mediaTypes.layerGzip, gunzipSync],
    ['zstd', mediaTypes.layerZstd, zstdDecompressSync],
  ] as const)(
    'makes %s of each layer, and leaves the config and all else that the manifest says',
    async (compression, mediaType, unpack) => {
      const { source, graph, root } = plainImage([textLayer, noiseLayer]);
      const { image, target } = await pack(source, { packer: createLayerPacker(compression) });
      const before = imageOf({ graph } as MemoryTarget, root);
      expect(image).toEqual({ ...before, layers: image.layers });
      expect(image.layers.map((layer) => [layer.mediaType, layer.annotations])).toEqual([
        [mediaType, { 'org.example': 'kept' }],
        [mediaType, { 'org.example': 'kept' }],
      ]);
      const unpacked = image.layers.map(({ digest }) => unpack(target.graph.blobs.get(digest)!));
      expect(unpacked.map((bytes) => digestHex('sha256', bytes))).toEqual(
        before.layers.map(({ digest }) => digest.slice('sha256:'.length)),
      );
    },
  );

  test('gives the same digest each time', async () => {
    const { source } = plainImage([textLayer, noiseLayer]);
    expect((await pack(source)).root).toEqual((await pack(source)).root);
  });

  test('packs what an image has twice once, and leaves layers that are packed already', async () => {
    const { graph } = plainImage([textLayer]);
    const packed = addBlob(graph, mediaTypes.layerGzip, 'compressed by somebody');
    const [diffId] = [`sha256:${digestHex('sha256', textLayer)}`];
    const plain = addBlob(graph, mediaTypes.layer, textLayer);
    const config = addBlob(
      graph,
      mediaTypes.imageConfig,
      JSON.stringify({ rootfs: { diff_ids: [diffId, `sha256:${'0'.repeat(64)}`, diffId] } }),
    );
    const root = addManifest(graph, mediaTypes.imageManifest, { config, layers: [plain, packed, plain] });
    const { image, target } = await pack({ ...createMemorySource(graph, root), isPackable: true });
    expect(image.layers[1]).toEqual(packed);
    expect(image.layers[0]).toEqual(image.layers[2]);
    expect(target.log.filter((line) => line.startsWith('unknown'))).toHaveLength(1);
  });

  test('sends layers first, and tells how far it is in bytes that were read', async () => {
    const { source } = plainImage([textLayer, noiseLayer]);
    const { target, events, summary, image } = await pack(source);
    expect(target.log.map((line) => line.split(' ')[0])).toEqual(['unknown', 'unknown', 'blob', 'manifest', 'settle', 'commit']);
    expect(events[0]).toEqual({ kind: 'packing', layers: 2, bytes: textLayer.byteLength + noiseLayer.byteLength });
    const read = events.reduce(
      (sum, event) => sum + (event.kind === 'blob-progress' && event.blob.mediaType === mediaTypes.layer ? event.bytes : 0),
      0,
    );
    expect(read).toBe(textLayer.byteLength + noiseLayer.byteLength);
    const order = events.map(({ kind }) => kind);
    expect(order.lastIndexOf('layer-packed')).toBeLessThan(order.indexOf('plan'));
    expect(order).not.toContain('blob-skipped');
    expect(summary).toMatchObject({
      blobs: 3,
      skippedBlobs: 0,
      bytes: image.config.size + image.layers.reduce((sum, { size }) => sum + size, 0),
    });
  });

  test('packs a layer again, to the same bytes, when a collection took it before the commit', async () => {
    const { source } = plainImage([textLayer, noiseLayer]);
    const calm = await pack(source);
    const target = createMemoryTarget({
      takesUnknown: true,
      onSettle: (graph, times) => {
        if (times > 1) return 'settled';
        graph.manifests.clear();
        for (const { digest } of calm.image.layers) graph.blobs.delete(digest);
        return 'again';
      },
    });
    const { root } = await pack(source, { packer: gzip }, target);
    expect(root).toEqual(calm.root);
    expect(target.graph.blobs).toEqual(calm.target.graph.blobs);
  });

  test('reads no layer that the target knows packed, and counts it as skipped', async () => {
    const { source } = plainImage([textLayer, noiseLayer]);
    const first = await pack(source);
    const { source: again, graph } = plainImage([textLayer, noiseLayer]);
    for (const layer of [textLayer, noiseLayer]) graph.blobs.delete(`sha256:${digestHex('sha256', layer)}`);
    // Of the image nothing is known but its layers and its config.
    first.target.graph.manifests.clear();
    const second = await pack(again, { packer: gzip }, first.target);
    expect(second.root).toEqual(first.root);
    expect(second.target.log.slice(first.target.log.indexOf('commit') + 1)).toEqual([`manifest ${first.root.digest}`, 'settle', 'commit']);
    expect(second.events.map(({ kind }) => kind)).not.toContain('packing');
    expect(second.summary).toMatchObject({ blobs: 0, bytes: 0, skippedBlobs: 3 });
  });

  test('packs only the layer that the target does not know, and announces only that one', async () => {
    const { target } = await pack(plainImage([textLayer]).source);
    const { events, summary, image } = await pack(plainImage([textLayer, noiseLayer]).source, { packer: gzip }, target);
    expect(events[0]).toEqual({ kind: 'packing', layers: 1, bytes: noiseLayer.byteLength });
    expect(gunzipSync(target.graph.blobs.get(image.layers[0]!.digest)!)).toEqual(textLayer);
    expect(gunzipSync(target.graph.blobs.get(image.layers[1]!.digest)!)).toEqual(noiseLayer);
    expect(summary).toMatchObject({ blobs: 2, skippedBlobs: 1 });
  });

  test('packs a layer that was found packed, when a collection took it before the commit', async () => {
    const { source } = plainImage([textLayer, noiseLayer]);
    const calm = await pack(source);
    const target = createMemoryTarget({
      takesUnknown: true,
      onSettle: (graph, times) => {
        if (times !== 2) return 'settled';
        graph.manifests.clear();
        for (const { digest } of calm.image.layers) graph.blobs.delete(digest);
        return 'again';
      },
    });
    await pack(source, { packer: gzip }, target);
    expect((await pack(source, { packer: gzip }, target)).root).toEqual(calm.root);
    expect(target.graph.blobs).toEqual(calm.target.graph.blobs);
  });

  test.each([
    ['the source has digests to keep', (source: ImageSource) => ({ ...source, isPackable: false }), { packer: gzip }, true],
    ['nobody asked for it', (source: ImageSource) => source, {}, true],
    ['the target takes no unknown digests', (source: ImageSource) => source, { packer: gzip }, false],
  ] as const)('leaves the image as it is where %s', async (_, change, options, takesUnknown) => {
    const { source, root } = plainImage([textLayer]);
    expect((await pack(change(source), options, createMemoryTarget({ takesUnknown }))).root).toEqual(root);
  });

  test('leaves an artifact as it is, whatever its layers call themselves', async () => {
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageManifest, {
      config: addBlob(graph, mediaTypes.emptyJson, '{}'),
      layers: [addBlob(graph, mediaTypes.layer, textLayer)],
    });
    expect((await pack({ ...createMemorySource(graph, root), isPackable: true })).root).toEqual(root);
  });
});

describe('packing is refused, and nothing becomes visible, when', () => {
  async function refuse(source: ImageSource): Promise<{ code: string; side: string | undefined; log: readonly string[] }> {
    const target = createMemoryTarget({ takesUnknown: true });
    const { code, side } = await rejection(copyImage(source, target, { packer: gzip }));
    expect(target.committed).toEqual([]);
    expect(target.graph.blobs.size).toBe(0);
    return { code, side, log: target.log };
  }

  test('the config calls for another layer', async () => {
    const { source } = plainImage([textLayer], [noiseLayer]);
    expect(await refuse(source)).toEqual({ code: 'digest-mismatch', side: 'source', log: ['abandon'] });
  });

  test('the config calls for fewer layers', async () => {
    const { source } = plainImage([textLayer, noiseLayer], [textLayer]);
    expect(await refuse(source)).toMatchObject({ code: 'digest-mismatch', side: 'source' });
  });

  test.each([
    ['a layer has other bytes', 'digest-mismatch', (bytes: Uint8Array) => bytes.fill(0x20, 700_000, 700_001)],
    ['a layer ends early', 'size-mismatch', (bytes: Uint8Array) => bytes.subarray(0, 700_000)],
    ['a layer goes on', 'size-mismatch', (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from('x')])],
  ] as const)('%s', async (_, code, change) => {
    const { source, graph } = plainImage([textLayer]);
    const digest = `sha256:${digestHex('sha256', textLayer)}`;
    graph.blobs.set(digest, change(Buffer.from(textLayer)));
    expect(await refuse(source)).toMatchObject({ code, side: 'source' });
  });
});
