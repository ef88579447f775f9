import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { createMemoryBucket, type MemoryBucketOptions } from '../../src/bucket/memory/memory-bucket.ts';
import { hasCode } from '../../src/errors/coded-error.ts';
import { formatKey, stagingRoot } from '../../src/layout/keys.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseTag } from '../../src/oci/repository-name.ts';
import { createLayerPacker } from '../../src/packing/layer-packer.node.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import type { ImageSource } from '../../src/transfer/image-source.ts';
import { rejection } from '../coded-errors.ts';
import { addBlob, addManifest, createGraph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { createFailingBucket, type FailureMode, failureModes } from './failing-bucket.ts';
import { findBrokenReads } from './reader-view.ts';
import { openSmallRepository, repositoryTarget } from './repository-target.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

const tag = parseTag('latest');
const packer = createLayerPacker('gzip');
/** Packed, the first goes up in eight parts of 128 bytes and the second with one PUT. */
const layers = [randomBytes(1000), Buffer.from('a small layer')];

/** An archive's image; `read` is what its first layer turns out to be. */
function archive(read: Uint8Array = layers[0]!): ImageSource {
  const graph = createGraph();
  const diffIds = layers.map((layer) => `sha256:${digestHex('sha256', layer)}`);
  const config = addBlob(graph, mediaTypes.imageConfig, JSON.stringify({ rootfs: { type: 'layers', diff_ids: diffIds } }));
  const root = addManifest(graph, mediaTypes.imageManifest, {
    config,
    layers: layers.map((layer) => addBlob(graph, mediaTypes.layer, layer)),
  });
  graph.blobs.set(diffIds[0]!, read);
  return { ...createMemorySource(graph, root), isPackable: true };
}

async function push(bucket: Bucket, clock: VirtualClock, source = archive()): Promise<string> {
  const { root } = await copyImage(source, repositoryTarget(openSmallRepository(bucket, clock), tag), { packer });
  return root.digest;
}

async function listKeys(bucket: Bucket, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of bucket.list({ prefix })) if (entry.kind === 'object') keys.push(entry.key);
  return keys;
}

const stores: readonly (readonly [string, MemoryBucketOptions])[] = [
  ['a store that can do all', {}],
  ['a store that copies by parts only', { quirks: { lacksCopy: true } }],
  ['a store without multipart uploads', { quirks: { lacksMultipart: true } }],
];

describe.each(stores)('a push that packs, failing at any call to %s', (_, options) => {
  test.each(failureModes)('leaves every visible tag whole, and the same push again ends well (%s)', async (mode: FailureMode) => {
    let failures = 0;
    for (let n = 1; ; n += 1) {
      const clock = createVirtualClock();
      const inner = createMemoryBucket({ ...options, clock });
      const failing = createFailingBucket(inner, n, mode);
      try {
        await push(failing.bucket, clock);
      } catch (error) {
        if (!hasCode(error)) throw error;
        failures += 1;
      }
      expect(await findBrokenReads(inner), `after call ${n}`).toEqual([]);
      const staged = (await listKeys(inner, stagingRoot)).length;
      // Only what dies at the wrong moment, or is refused the removal itself, leaves what it staged.
      expect(staged, `after call ${n}`).toBeLessThanOrEqual(mode === 'unheard' ? 0 : 1);

      const digest = await push(inner, clock);
      expect(await findBrokenReads(inner), `after call ${n} and another push`).toEqual([]);
      expect((await openSmallRepository(inner, clock).manifests.get(tag))?.descriptor.digest).toBe(digest);
      expect(await listKeys(inner, stagingRoot)).toHaveLength(staged);
      if (failing.calls() < n) break;
    }
    expect(failures).toBeGreaterThan(20);
  });
});

describe('a push that packs a layer which is not the one of the config', () => {
  test.each([
    ['has other bytes', 'digest-mismatch', randomBytes(1000)],
    ['ends early', 'size-mismatch', layers[0]!.subarray(0, 900)],
  ] as const)('and %s makes nothing visible, and leaves nothing staged', async (_, code, read) => {
    const clock = createVirtualClock();
    const bucket = createMemoryBucket({ clock });
    expect(await rejection(push(bucket, clock, archive(read)))).toMatchObject({ code, side: 'source' });
    const { name } = openSmallRepository(bucket, clock);
    const small = formatKey({ kind: 'blob', name, digest: (await smallLayerOf(clock)).digest });
    // The other layer may be there by then: right, and without a name that anybody knows.
    expect((await listKeys(bucket, 'v2/team/')).filter((key) => key !== small)).toEqual([]);
    expect(await listKeys(bucket, stagingRoot)).toEqual([]);
  });

  async function smallLayerOf(clock: VirtualClock) {
    const bucket = createMemoryBucket({ clock });
    await push(bucket, clock);
    const root = await openSmallRepository(bucket, clock).manifests.get(tag);
    const manifest = root?.manifest;
    return (manifest?.kind === 'image' ? manifest.layers[1] : undefined) ?? expect.unreachable();
  }
});
