import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, describeBytes } from '../../test/images/build-image.ts';
import { copyGraph, refuseCopy } from '../../test/images/copy-graph.ts';
import { createMemoryTarget, type MemoryTarget } from '../../test/images/memory-target.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parsePlatform } from '../oci/platform.ts';
import type { TransferEvent } from './events.ts';

const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];

describe('copyImage', () => {
  test('copies an index with all below it, attestations too, byte for byte', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms, true);
    const target = createMemoryTarget();
    const result = await copyGraph(graph, root, target);
    expect(result.root).toEqual(root);
    expect(target.graph.manifests).toEqual(graph.manifests);
    expect(target.graph.blobs).toEqual(graph.blobs);
    expect(target.committed).toEqual([root]);
  });

  test('writes layers, configs, children, the index, settles, and then commits', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, platforms);
    const target = createMemoryTarget();
    await copyGraph(graph, root, target);
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
    const { summary } = await copyGraph(graph, root, createMemoryTarget(), { onEvent: (event) => events.push(event) });
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
    await copyGraph(graph, root, target);
    target.log.length = 0;
    await copyGraph(graph, root, target);
    expect(target.log).toEqual([`manifest ${root.digest}`, 'settle', 'commit']);
  });

  test('skips the children and blobs that the target has', async () => {
    const graph = createGraph();
    const one = await addImage(graph, 'linux/amd64', ['shared', 'linux/amd64']);
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
    const target = createMemoryTarget();
    await copyGraph(graph, one, target);
    const { summary } = await copyGraph(graph, root, target);
    expect(summary).toMatchObject({ blobs: 2, skippedBlobs: 1, manifests: 2 });
  });

  test('copies no foreign layer, and says how many there are', async () => {
    const graph = createGraph();
    const config = addBlob(graph, mediaTypes.dockerConfig, '{}');
    const foreign = { ...describeBytes(mediaTypes.dockerForeignLayer, new Uint8Array(9)), urls: ['https://example.com/layer'] };
    const root = addManifest(graph, mediaTypes.dockerManifest, { config, layers: [foreign] });
    const { summary } = await copyGraph(graph, root, createMemoryTarget());
    expect(summary).toMatchObject({ blobs: 1, foreignLayers: 1 });
  });

  test('copies what an index names that is no manifest as a blob', async () => {
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [addBlob(graph, 'application/vnd.example.thing', 'thing')] });
    const target = createMemoryTarget();
    await copyGraph(graph, root, target);
    expect(target.graph.blobs.size).toBe(1);
  });

  test('copies an artifact, whose config is its layer too, once', async () => {
    const graph = createGraph();
    const empty = addBlob(graph, mediaTypes.emptyJson, '{}');
    const root = addManifest(graph, mediaTypes.imageManifest, { artifactType: 'application/vnd.example', config: empty, layers: [empty] });
    const { summary } = await copyGraph(graph, root, createMemoryTarget(), { platforms: [parsePlatform('linux/arm64')] });
    expect(summary.blobs).toBe(1);
  });

  test('copies referrers of referrers when asked, each after its subject', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const signature = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], artifactType: 'a/signature', subject: root });
    const note = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], artifactType: 'a/note', subject: signature });
    const [plain, all] = [createMemoryTarget(), createMemoryTarget()];
    await copyGraph(graph, root, plain);
    expect(plain.graph.manifests.has(signature.digest)).toBe(false);
    await copyGraph(graph, root, all, { referrers: true });
    expect(all.log.filter((line) => line.startsWith('manifest')).slice(-3)).toEqual(
      [root, signature, note].map(({ digest }) => `manifest ${digest}`),
    );
    // And later ones, though the image is there.
    const later = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], artifactType: 'a/later', subject: note });
    await copyGraph(graph, root, all, { referrers: true });
    expect(all.graph.manifests.has(later.digest)).toBe(true);
  });

  test('puts a manifest after its subject when one index names both', async () => {
    const graph = createGraph();
    const image = await addImage(graph, 'linux/amd64');
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const about = addManifest(graph, mediaTypes.imageManifest, { config, layers: [], subject: image });
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [about, image] });
    const target = createMemoryTarget();
    await copyGraph(graph, root, target);
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
    await copyGraph(graph, root, target);
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
    await copyGraph(graph, root, target);
    expect(target.graph.blobs).toEqual(graph.blobs);
    expect(target.graph.manifests.size).toBe(4);
    expect(target.log.filter((line) => line === 'settle')).toHaveLength(3);
    expect(target.log.at(-1)).toBe('commit');
  });

  test('gives up when it never ends', async () => {
    const graph = createGraph();
    const target = createMemoryTarget({ onSettle: () => 'again' });
    const error = await rejection(copyGraph(graph, await addImage(graph, 'linux/amd64'), target));
    expect(error).toMatchObject({ code: 'collection-busy', side: 'target' });
    expect(target.log.at(-1)).toBe('abandon');
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
    expect(await rejection(copyGraph(graph, root, full))).toMatchObject({ code: 'output-failed', side: 'target' });
    expect(target.log.at(-1)).toBe('abandon');
  });

  test('stops when it is told to, blames nobody, and commits nothing', async () => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    for (const step of ['plan', 'blob-started', 'blob-done', 'manifest-done'] as const) {
      const stop = new AbortController();
      const error = await refuseCopy(graph, root, {
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
