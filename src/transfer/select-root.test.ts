import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addImage, addIndex, addManifest, createGraph } from '../../test/images/build-image.ts';
import { copyGraph, refuseUntouched } from '../../test/images/copy-graph.ts';
import { createMemoryTarget } from '../../test/images/memory-target.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { CopyOptions } from './copy-image.ts';

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];

describe('copyImage of chosen platforms', () => {
  const chosen = (...names: string[]): CopyOptions => ({ platforms: names.map((name) => parsePlatform(name)) });

  test('makes the manifest of one platform the root', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    const target = createMemoryTarget();
    const { root, summary } = await copyGraph(graph, index, target, chosen('linux/arm64'));
    expect(parseManifest(target.graph.manifests.get(root.digest)!).kind).toBe('image');
    expect(summary).toMatchObject({ blobs: 3, manifests: 1 });
  });

  test('makes a new index of several, with their attestations', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    const target = createMemoryTarget();
    const { root } = await copyGraph(graph, index, target, chosen('linux/arm64', 'linux/amd64'));
    expect(root.digest).not.toBe(index.digest);
    const made = parseManifest(target.graph.manifests.get(root.digest)!, mediaTypes.imageIndex);
    expect(made.kind === 'index' && made.manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'arm64',
      'amd64',
      'unknown',
      'unknown',
    ]);
  });

  test('keeps the index, and its digest, when all of it was chosen', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    const { root } = await copyGraph(graph, index, createMemoryTarget(), chosen(...platforms));
    expect(root).toEqual(index);
  });

  test('finds images by their config where the index does not say, and in nested indexes', async () => {
    const graph = createGraph();
    const inner = addManifest(graph, mediaTypes.imageIndex, { manifests: [await addImage(graph, 'linux/riscv64')] });
    const index = addManifest(graph, mediaTypes.imageIndex, { manifests: [await addImage(graph, 'linux/amd64'), inner] });
    const { root } = await copyGraph(graph, index, createMemoryTarget(), chosen('linux/riscv64'));
    expect(root.platform?.architecture).toBe('riscv64');
  });

  test('names those there are when one is missing', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    expect(await refuseUntouched(graph, index, chosen('linux/s390x'))).toEqual({ code: 'platform-missing', side: 'source' });
    await expect(copyGraph(graph, index, createMemoryTarget(), chosen('linux/s390x'))).rejects.toThrow(
      'it has linux/amd64, linux/arm64, linux/arm/v7',
    );
  });

  test('refuses a single image of another platform than the one chosen', async () => {
    const graph = createGraph();
    expect((await refuseUntouched(graph, await addImage(graph, 'linux/amd64'), chosen('linux/arm64'))).code).toBe('platform-missing');
  });

  test('is quick with an index that names itself by way of others again and again', async () => {
    const graph = createGraph();
    let index = await addIndex(graph, ['linux/amd64']);
    for (let depth = 0; depth < 5; depth += 1)
      index = addManifest(graph, mediaTypes.imageIndex, { manifests: Array(200).fill(index) as Descriptor[] });
    expect((await refuseUntouched(graph, index, chosen('linux/arm64'))).code).toBe('platform-missing');
    await copyGraph(graph, index, createMemoryTarget());
  });

  test('gives a target for one image the image of the host, and any image that is not of an index', async () => {
    const graph = createGraph();
    const hostPlatform = parsePlatform('linux/arm64');
    const { root } = await copyGraph(graph, await addIndex(graph, platforms), createMemoryTarget({ takes: 'one' }), { hostPlatform });
    expect(root.platform?.architecture).toBe('arm64');
    const single = await addImage(graph, 'linux/s390x');
    expect((await copyGraph(graph, single, createMemoryTarget({ takes: 'one' }), { hostPlatform })).root).toEqual(single);
  });

  test('refuses to choose for a target for one image where nothing says which', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms);
    const target = createMemoryTarget({ takes: 'one' });
    expect((await rejection(copyGraph(graph, index, target))).code).toBe('reference-ambiguous');
    expect((await rejection(copyGraph(graph, index, target, chosen('linux/amd64', 'linux/arm64')))).code).toBe('usage-invalid');
    expect((await rejection(copyGraph(graph, index, target, { platforms: [] }))).code).toBe('usage-invalid');
  });
});
