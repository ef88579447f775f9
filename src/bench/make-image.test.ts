import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeImage } from './make-image.node.ts';

const layerBytes = 300_000;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bkt-image-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a layer is as large as asked for, cannot be made smaller, and is named by its digest', async () => {
  const image = await makeImage(folder, { layers: 1, layerBytes, seed: 'a' });
  const layer = await readFile(image.layerFiles[0]);
  expect(Math.abs(layer.byteLength - layerBytes)).toBeLessThan(8 * 1024);
  expect(image.bytes).toBe(layer.byteLength);
  expect(gzipSync(layer).byteLength).toBeGreaterThan(0.99 * layer.byteLength);
  expect(image.blobs[1]?.digest).toBe(`sha256:${createHash('sha256').update(layer).digest('hex')}`);
});

test('the config names what the layers unpack to', async () => {
  await makeImage(folder, { layers: 2, layerBytes, seed: 'a' });
  const read = async (digest: string): Promise<Buffer> => readFile(join(folder, 'blobs', 'sha256', digest.slice('sha256:'.length)));
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  const manifest = JSON.parse(String(await read(index.manifests[0]!.digest))) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const config = JSON.parse(String(await read(manifest.config.digest))) as { rootfs: { diff_ids: string[] } };
  const unpacked = await Promise.all(manifest.layers.map(async ({ digest }) => gunzipSync(await read(digest))));
  expect(config.rootfs.diff_ids).toEqual(unpacked.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`));
  expect(new Set(config.rootfs.diff_ids).size).toBe(2);
});

test('the same seed gives the same bytes, another one others', async () => {
  const [first, again, other] = await Promise.all(
    ['a', 'a', 'b'].map((seed, index) => makeImage(join(folder, String(index)), { layers: 1, layerBytes, seed })),
  );
  expect(again?.manifest).toEqual(first?.manifest);
  expect(other?.manifest.digest).not.toBe(first?.manifest.digest);
});
