import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, describeBytes, type Graph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryTarget, type MemoryTarget } from '../../test/images/memory-target.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parsePlatform } from '../oci/platform.ts';
import { copyImage, type CopyOptions } from './copy-image.ts';
import type { TransferEvent } from './events.ts';
import { maxDescriptors } from './plan.ts';

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
const copy = (graph: Graph, root: Descriptor, target: MemoryTarget, options?: CopyOptions) =>
  copyImage(createMemorySource(graph, root), target, options);

/** Copies what must fail, and checks that the target shows nothing. */
async function refusal(
  graph: Graph,
  root: Descriptor,
  options?: CopyOptions,
): Promise<{ code: ErrorCode; side: string | undefined; target: MemoryTarget }> {
  const target = createMemoryTarget();
  const { code, side } = await rejection(copy(graph, root, target, options));
  expect(target.committed).toEqual([]);
  return { code, side, target };
}

/** Copies what must fail before anything was written. */
async function untouched(graph: Graph, root: Descriptor, options?: CopyOptions): Promise<{ code: ErrorCode; side: string | undefined }> {
  const { target, ...error } = await refusal(graph, root, options);
  expect(target.log.filter((line) => line !== 'abandon')).toEqual([]);
  return error;
}

describe('copyImage', () => {
  test('copies an index with all below it, attestations too, byte for byte', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms, true);
    const target = createMemoryTarget();
    const result = await copy(graph, root, target);
    expect(result.root).toEqual(root);
    expect(target.graph.manifests).toEqual(graph.manifests);
    expect(target.graph.blobs).toEqual(graph.blobs);
    expect(target.committed).toEqual([root]);
  });

  test('writes layers, configs, children, the index, settles, and then commits', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    const target = createMemoryTarget();
    await copy(graph, root, target);
    const configs = [...graph.manifests.values()]
      .map((bytes) => parseManifest(bytes))
      .flatMap((manifest) => (manifest.kind === 'image' ? [`blob ${manifest.config.digest}`] : []));
    const kinds = target.log.map((line) =>
      configs.includes(line) ? 'config' : line === `manifest ${root.digest}` ? 'root' : line.split(' ')[0],
    );
    // Four layers: one is shared by all platforms, and sent once.
    expect(kinds).toEqual([...Array(4).fill('blob'), ...Array(3).fill('config'), ...Array(3).fill('manifest'), 'root', 'settle', 'commit']);
  });

  test('tells a plan whose numbers come true, and every step', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    const events: TransferEvent[] = [];
    const { summary } = await copy(graph, root, createMemoryTarget(), { onEvent: (event) => events.push(event) });
    const bytes = events.reduce((sum, event) => sum + (event.kind === 'blob-progress' ? event.bytes : 0), 0);
    expect(events[0]).toEqual({ kind: 'plan', plan: summary });
    expect(summary).toEqual({ blobs: 7, bytes, skippedBlobs: 0, skippedBytes: 0, foreignLayers: 0, manifests: 4 });
    expect(events.filter(({ kind }) => kind === 'blob-done')).toHaveLength(7);
    expect(events.at(-1)).toEqual({ kind: 'committed', root });
  });

  test('sends only the root again when the target has it all', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    const target = createMemoryTarget();
    await copy(graph, root, target);
    target.log.length = 0;
    await copy(graph, root, target);
    expect(target.log).toEqual([`manifest ${root.digest}`, 'settle', 'commit']);
  });

  test('skips the children and blobs that the target has', async () => {
    const graph = createGraph();
    const one = await addImage(graph, 'linux/amd64', ['shared', 'linux/amd64']);
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
    const target = createMemoryTarget();
    await copy(graph, one, target);
    const { summary } = await copy(graph, root, target);
    expect(summary).toMatchObject({ blobs: 2, skippedBlobs: 1, manifests: 2 });
  });

  test('copies no foreign layer, and says how many there are', async () => {
    const graph = createGraph();
    const config = addBlob(graph, mediaTypes.dockerConfig, '{}');
    const foreign = { ...describeBytes(mediaTypes.dockerForeignLayer, new Uint8Array(9)), urls: ['https://example.com/layer'] };
    const root = addManifest(graph, mediaTypes.dockerManifest, { config, layers: [foreign] });
    const { summary } = await copy(graph, root, createMemoryTarget());
    expect(summary).toMatchObject({ blobs: 1, foreignLayers: 1 });
  });

  test('copies what an index names that is no manifest as a blob', async () => {
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [addBlob(graph, 'application/vnd.example.thing', 'thing')] });
    const target = createMemoryTarget();
    await copy(graph, root, target);
    expect(target.graph.blobs.size).toBe(1);
  });

  test('copies an artifact, whose config is its layer too, once', async () => {
    const graph = createGraph();
    const empty = addBlob(graph, mediaTypes.emptyJson, '{}');
    const root = addManifest(graph, mediaTypes.imageManifest, { artifactType: 'application/vnd.example', config: empty, layers: [empty] });
    const { summary } = await copy(graph, root, createMemoryTarget(), { platforms: [parsePlatform('linux/arm64')] });
    expect(summary.blobs).toBe(1);
  });

  test('copies referrers of referrers when asked, each after its subject', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const signature = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], artifactType: 'a/signature', subject: root });
    const note = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], artifactType: 'a/note', subject: signature });
    const [plain, all] = [createMemoryTarget(), createMemoryTarget()];
    await copy(graph, root, plain);
    expect(plain.graph.manifests.has(signature.digest)).toBe(false);
    await copy(graph, root, all, { referrers: true });
    expect(all.log.filter((line) => line.startsWith('manifest')).slice(-3)).toEqual(
      [root, signature, note].map(({ digest }) => `manifest ${digest}`),
    );
    // And later ones, though the image is there.
    const later = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], artifactType: 'a/later', subject: note });
    await copy(graph, root, all, { referrers: true });
    expect(all.graph.manifests.has(later.digest)).toBe(true);
  });

  test('puts a manifest after its subject when one index names both', async () => {
    const graph = createGraph();
    const image = await addImage(graph, 'linux/amd64');
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const about = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], subject: image });
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [about, image] });
    const target = createMemoryTarget();
    await copy(graph, root, target);
    expect(target.log.filter((line) => line.startsWith('manifest'))).toEqual(
      [image, about, root].map(({ digest }) => `manifest ${digest}`),
    );
  });

  test('orders a chain of six thousand subjects without running out of stack', async () => {
    const graph = createGraph();
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const chain: Descriptor[] = [];
    for (let index = 0; index < 6000; index += 1) {
      chain.push(
        addManifest(graph, mediaTypes.imageManifest, { config, layers: [], ...(chain.length > 0 ? { subject: chain.at(-1)! } : {}) }),
      );
    }
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: chain.toReversed() });
    const target = createMemoryTarget();
    await copy(graph, root, target);
    expect(target.graph.manifests.size).toBe(6001);
  });
});

describe('copyImage when a collection comes between', () => {
  test('sends again what is gone, and commits only then', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    const target = createMemoryTarget({
      onSettle: (there, times) => {
        if (times === 3) return 'settled';
        there.manifests.clear();
        there.blobs.delete([...there.blobs.keys()][0]!);
        return 'again';
      },
    });
    await copy(graph, root, target);
    expect(target.graph.blobs).toEqual(graph.blobs);
    expect(target.graph.manifests.size).toBe(4);
    expect(target.log.filter((line) => line === 'settle')).toHaveLength(3);
    expect(target.log.at(-1)).toBe('commit');
  });

  test('gives up when it never ends', async () => {
    const graph = createGraph();
    const target = createMemoryTarget({ onSettle: () => 'again' });
    const error = await rejection(copy(graph, await addImage(graph, 'linux/amd64'), target));
    expect(error).toMatchObject({ code: 'collection-busy', side: 'target' });
    expect(target.log.at(-1)).toBe('abandon');
  });
});

describe('copyImage of chosen platforms', () => {
  const chosen = (...names: string[]): CopyOptions => ({ platforms: names.map((name) => parsePlatform(name)) });

  test('makes the manifest of one platform the root', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    const target = createMemoryTarget();
    const { root, summary } = await copy(graph, index, target, chosen('linux/arm64'));
    expect(parseManifest(target.graph.manifests.get(root.digest)!).kind).toBe('image');
    expect(summary).toMatchObject({ blobs: 3, manifests: 1 });
  });

  test('makes a new index of several, with their attestations', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    const target = createMemoryTarget();
    const { root } = await copy(graph, index, target, chosen('linux/arm64', 'linux/amd64'));
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
    const { root } = await copy(graph, index, createMemoryTarget(), chosen(...platforms));
    expect(root).toEqual(index);
  });

  test('finds images by their config where the index does not say, and in nested indexes', async () => {
    const graph = createGraph();
    const inner = addManifest(graph, mediaTypes.imageIndex, { manifests: [await addImage(graph, 'linux/riscv64')] });
    const index = addManifest(graph, mediaTypes.imageIndex, { manifests: [await addImage(graph, 'linux/amd64'), inner] });
    const { root } = await copy(graph, index, createMemoryTarget(), chosen('linux/riscv64'));
    expect(root.platform?.architecture).toBe('riscv64');
  });

  test('names those there are when one is missing', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms, true);
    expect(await untouched(graph, index, chosen('linux/s390x'))).toEqual({ code: 'platform-missing', side: 'source' });
    await expect(copy(graph, index, createMemoryTarget(), chosen('linux/s390x'))).rejects.toThrow(
      'it has linux/amd64, linux/arm64, linux/arm/v7',
    );
  });

  test('refuses a single image of another platform than the one chosen', async () => {
    const graph = createGraph();
    expect((await untouched(graph, await addImage(graph, 'linux/amd64'), chosen('linux/arm64'))).code).toBe('platform-missing');
  });

  test('is quick with an index that names itself by way of others again and again', async () => {
    const graph = createGraph();
    let index = await addIndex(graph, ['linux/amd64']);
    for (let depth = 0; depth < 5; depth += 1)
      index = addManifest(graph, mediaTypes.imageIndex, { manifests: Array(200).fill(index) as Descriptor[] });
    expect((await untouched(graph, index, chosen('linux/arm64'))).code).toBe('platform-missing');
    await copy(graph, index, createMemoryTarget());
  });

  test('gives a target for one image the image of the host, and any image that is not of an index', async () => {
    const graph = createGraph();
    const hostPlatform = parsePlatform('linux/arm64');
    const { root } = await copy(graph, await addIndex(graph, platforms), createMemoryTarget({ takes: 'one' }), { hostPlatform });
    expect(root.platform?.architecture).toBe('arm64');
    const single = await addImage(graph, 'linux/s390x');
    expect((await copy(graph, single, createMemoryTarget({ takes: 'one' }), { hostPlatform })).root).toEqual(single);
  });

  test('refuses to choose for a target for one image where nothing says which', async () => {
    const graph = createGraph();
    const index = await addIndex(graph, platforms);
    const target = createMemoryTarget({ takes: 'one' });
    expect((await rejection(copy(graph, index, target))).code).toBe('reference-ambiguous');
    expect((await rejection(copy(graph, index, target, chosen('linux/amd64', 'linux/arm64')))).code).toBe('usage-invalid');
    expect((await rejection(copy(graph, index, target, { platforms: [] }))).code).toBe('usage-invalid');
  });
});

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
      expect(await untouched(graph, root)).toEqual({ code, side: 'source' });
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
      const error = await refusal(graph, root);
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
    expect(await untouched(graph, root)).toEqual({ code: 'manifest-missing', side: 'source' });
  });

  test('a layer that is not there', async () => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    graph.blobs.clear();
    expect(await refusal(graph, root)).toMatchObject({ code: 'blob-missing', side: 'source' });
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
      expect(await untouched(graph, root)).toEqual({ code: 'media-type-mismatch', side: 'source' });
    }
  });

  test.each([
    ['sizes', { size: 1 }, 'size-mismatch'],
    ['media types', { mediaType: mediaTypes.dockerManifest }, 'media-type-mismatch'],
  ])('one child with two %s', async (_, other, code) => {
    const graph = createGraph();
    const image = await addImage(graph, 'linux/amd64');
    expect(await untouched(graph, addManifest(graph, mediaTypes.imageIndex, { manifests: [image, { ...image, ...other }] }))).toEqual({
      code,
      side: 'source',
    });
  });

  test('one blob with two sizes', async () => {
    const graph = createGraph();
    const layer = addBlob(graph, mediaTypes.layer, 'layer');
    const root = addManifest(graph, mediaTypes.imageManifest, {
      config: addBlob(graph, mediaTypes.imageConfig, '{}'),
      layers: [layer, { ...layer, size: 6 }],
    });
    expect(await untouched(graph, root)).toEqual({ code: 'size-mismatch', side: 'source' });
  });

  test('an index that claims to hold itself', async () => {
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [] });
    const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, manifests: [root] }));
    graph.manifests.set(root.digest, bytes);
    expect((await untouched(graph, root)).side).toBe('source');
  });

  test('indexes nested nine deep, where eight are taken', async () => {
    const graph = createGraph();
    let root = await addImage(graph, 'linux/amd64');
    for (let depth = 2; depth <= 8; depth += 1) root = addManifest(graph, mediaTypes.imageIndex, { manifests: [root] });
    await copy(graph, root, createMemoryTarget());
    root = addManifest(graph, mediaTypes.imageIndex, { manifests: [root] });
    expect(await untouched(graph, root)).toEqual({ code: 'manifest-invalid', side: 'source' });
    expect(await untouched(graph, root, { platforms: [parsePlatform('linux/s390x')] })).toEqual({
      code: 'manifest-invalid',
      side: 'source',
    });
  });

  test('more descriptors than are looked at', async () => {
    const graph = createGraph();
    const layer = addBlob(graph, mediaTypes.layer, 'layer');
    const root = addManifest(graph, mediaTypes.imageManifest, { config: layer, layers: Array(maxDescriptors).fill(layer) as Descriptor[] });
    expect(await untouched(graph, root)).toEqual({ code: 'manifest-invalid', side: 'source' });
  });

  test('a manifest larger than any may be: it is not even read', async () => {
    const graph = createGraph();
    const root = { ...describeBytes(mediaTypes.imageManifest, new Uint8Array(3)), size: 2 ** 40 };
    expect(await untouched(graph, root)).toEqual({ code: 'manifest-too-large', side: 'source' });
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
        expect(await untouched(graph, root)).toEqual({ code: 'digest-mismatch', side: 'source' });
      }),
      { numRuns: 30 },
    );
  });
});

describe('copyImage when an end fails', () => {
  test('says that it was the target, abandons, and tells the first error', async () => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    const target = createMemoryTarget();
    const full: MemoryTarget = {
      ...target,
      begin: async () => ({
        ...(await target.begin()),
        putManifest: async () => {
          throw new RegistryError('output-failed', 'Cannot write');
        },
        abandon: async () => {
          target.log.push('abandon');
          throw new Error('this too');
        },
      }),
    };
    expect(await rejection(copy(graph, root, full))).toMatchObject({ code: 'output-failed', side: 'target' });
    expect(target.log.at(-1)).toBe('abandon');
  });

  test('stops when it is told to, blames nobody, and commits nothing', async () => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    for (const step of ['plan', 'blob-started', 'blob-done', 'manifest-done'] as const) {
      const stop = new AbortController();
      const error = await refusal(graph, root, {
        signal: stop.signal,
        concurrency: 1,
        onEvent: ({ kind }) => {
          if (kind === step) stop.abort();
        },
      });
      expect(error).toMatchObject({ code: 'aborted', side: undefined });
      expect(error.target.log.at(-1)).toBe('abandon');
    }
  });
});
