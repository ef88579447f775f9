import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addBlob, addImage, addIndex, addManifest, createGraph, describeBytes } from '../../test/images/build-image.ts';
import { copyGraph, refuseCopy, refuseUntouched } from '../../test/images/copy-graph.ts';
import { createMemoryTarget } from '../../test/images/memory-target.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parsePlatform } from '../oci/platform.ts';
import { maxDescriptors } from './plan.ts';

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];

describe('copyImage from a source that lies', () => {
  test.each([
    ['other bytes', 'digest-mismatch', (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1)],
    ['too few', 'size-mismatch', (bytes: Uint8Array) => bytes.subarray(1)],
    ['too many', 'size-mismatch', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
    ['none', 'size-mismatch', () => new Uint8Array()],
  ] as const)('%s for a manifest: refused before anything is written', async (_, code, change) => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    for (const [digest, bytes] of graph.manifests) {
      graph.manifests.set(digest, change(bytes));
      expect(await refuseUntouched(graph, root)).toEqual({ code, side: 'source' });
      graph.manifests.set(digest, bytes);
    }
  });

  test.each([
    ['other bytes', 'digest-mismatch', (bytes: Uint8Array) => bytes.map((byte) => byte ^ 1)],
    ['too few', 'size-mismatch', (bytes: Uint8Array) => bytes.subarray(1)],
    ['too many', 'size-mismatch', (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])],
  ] as const)('%s for a blob: refused, no manifest written', async (_, code, change) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    for (const [digest, bytes] of graph.blobs) {
      graph.blobs.set(digest, change(bytes));
      const error = await refuseCopy(graph, root);
      expect(error).toMatchObject({ code, side: 'source' });
      expect(error.target.graph.blobs.has(digest)).toBe(false);
      expect(error.target.graph.manifests.size).toBe(0);
      graph.blobs.set(digest, bytes);
    }
  });

  test('a child that is not there', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    graph.manifests.delete([...graph.manifests.keys()][1]!);
    expect(await refuseUntouched(graph, root)).toEqual({ code: 'manifest-missing', side: 'source' });
  });

  test('a layer that is not there', async () => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    graph.blobs.clear();
    expect(await refuseCopy(graph, root)).toMatchObject({ code: 'blob-missing', side: 'source' });
  });

  test('an image that is named as an index, and an index as an image', async () => {
    const graph = createGraph();
    const image = await addImage(graph, 'linux/amd64');
    const index = await addIndex(graph, ['linux/amd64']);
    for (const root of [
      { ...image, mediaType: mediaTypes.imageIndex },
      { ...index, mediaType: mediaTypes.imageManifest },
      addManifest(graph, mediaTypes.imageIndex, { manifests: [{ ...image, mediaType: mediaTypes.dockerManifest }] }),
    ]) {
      expect(await refuseUntouched(graph, root)).toEqual({ code: 'media-type-mismatch', side: 'source' });
    }
  });

  test.each([
    ['sizes', { size: 1 }, 'size-mismatch'],
    ['media types', { mediaType: mediaTypes.dockerManifest }, 'media-type-mismatch'],
  ])('one child with two %s', async (_, other, code) => {
    const graph = createGraph();
    const image = await addImage(graph, 'linux/amd64');
    expect(await refuseUntouched(graph, addManifest(graph, mediaTypes.imageIndex, { manifests: [image, { ...image, ...other }] }))).toEqual(
      {
        code,
        side: 'source',
      },
    );
  });

  test('one blob with two sizes', async () => {
    const graph = createGraph();
    const layer = addBlob(graph, mediaTypes.layer, 'layer');
    const root = addManifest(graph, mediaTypes.imageManifest, {
      config: addBlob(graph, mediaTypes.imageConfig, '{}'),
      layers: [layer, { ...layer, size: 6 }],
    });
    expect(await refuseUntouched(graph, root)).toEqual({ code: 'size-mismatch', side: 'source' });
  });

  test('an index that claims to hold itself', async () => {
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [] });
    const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests: [root] }));
    graph.manifests.set(root.digest, bytes);
    expect((await refuseUntouched(graph, root)).side).toBe('source');
  });

  test('indexes nested nine deep, where eight are taken', async () => {
    const graph = createGraph();
    let root = await addImage(graph, 'linux/amd64');
    for (let depth = 2; depth <= 8; depth += 1) root = addManifest(graph, mediaTypes.imageIndex, { manifests: [root] });
    await copyGraph(graph, root, createMemoryTarget());
    root = addManifest(graph, mediaTypes.imageIndex, { manifests: [root] });
    expect(await refuseUntouched(graph, root)).toEqual({ code: 'manifest-invalid', side: 'source' });
    expect(await refuseUntouched(graph, root, { platforms: [parsePlatform('linux/s390x')] })).toEqual({
      code: 'manifest-invalid',
      side: 'source',
    });
  });

  test('more descriptors than are looked at', async () => {
    const graph = createGraph();
    const layer = addBlob(graph, mediaTypes.layer, 'layer');
    const root = addManifest(graph, mediaTypes.imageManifest, { config: layer, layers: Array(maxDescriptors).fill(layer) as Descriptor[] });
    expect(await refuseUntouched(graph, root)).toEqual({ code: 'manifest-invalid', side: 'source' });
  });

  test('a manifest larger than any may be: it is not even read', async () => {
    const graph = createGraph();
    const root = { ...describeBytes(mediaTypes.imageManifest, new Uint8Array(3)), size: 2 ** 40 };
    expect(await refuseUntouched(graph, root)).toEqual({ code: 'manifest-too-large', side: 'source' });
  });

  test('whatever is changed in its manifests: nothing but coded errors, nothing committed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.nat(255), async (which, where, value) => {
        const graph = createGraph();
        const root = await addIndex(graph, platforms.slice(0, 2));
        const entries = [...graph.manifests];
        const [digest, bytes] = entries[which % entries.length]!;
        const index = where % bytes.byteLength;
        fc.pre(bytes[index] !== value);
        graph.manifests.set(digest, bytes.with(index, value));
        expect(await refuseUntouched(graph, root)).toEqual({ code: 'digest-mismatch', side: 'source' });
      }),
      { numRuns: 30 },
    );
  });
});
