import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTemporaryFolder } from '../../test/peers/temporary-folder.ts';
import type { TemporaryFolder } from '../../test/peers/temporary-folder.ts';
import { makeMaterial } from './make-material.ts';

const mebibyte = 2 ** 20;
const { signal } = new AbortController();
let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await createTemporaryFolder('materials');
});

afterEach(() => folder.remove());

/** Entries of a tar, by name. */
async function readTar(file: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = new Map<string, Uint8Array>();
  const reader = extract();
  const collect = async (): Promise<void> => {
    for await (const entry of reader) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry as AsyncIterable<Uint8Array>) chunks.push(chunk);
      entries.set(entry.header.name, Buffer.concat(chunks));
    }
  };
  await Promise.all([pipeline(createReadStream(file), reader), collect()]);
  return entries;
}

test('a layer of holes has its size and its digest, and takes no place', async () => {
  const { layerFiles, bytes, source } = await makeMaterial(folder.path, { kind: 'holes', bytes: 9 * mebibyte }, signal);
  const zeros = new Uint8Array(9 * mebibyte);
  expect(basename(layerFiles[0])).toBe(createHash('sha256').update(zeros).digest('hex'));
  expect(await stat(layerFiles[0])).toMatchObject({ size: bytes, blocks: 0 });
  expect(source).toBe(`oci:${folder.path}:latest`);
  const index = JSON.parse(await readFile(join(folder.path, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  const manifest = await readFile(join(folder.path, 'blobs', 'sha256', index.manifests[0]?.digest.slice('sha256:'.length) ?? ''), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ layers: [{ digest: `sha256:${basename(layerFiles[0])}`, size: bytes }] });
});

test('an archive of files has the image that docker save writes, and the tar beside it is its layer', async () => {
  const { layerFiles, bytes, source, leastStoredBytes } = await makeMaterial(folder.path, { kind: 'files', bytes: 2 * mebibyte }, signal);
  const archive = await readTar(source.slice('docker-archive:'.length));
  const [image] = JSON.parse(Buffer.from(archive.get('manifest.json')!).toString()) as [{ Config: string; Layers: string[] }];
  const layer = archive.get(image.Layers[0]!)!;
  const config = JSON.parse(Buffer.from(archive.get(image.Config)!).toString()) as { rootfs: { diff_ids: string[] } };
  expect(config.rootfs.diff_ids).toEqual([`sha256:${createHash('sha256').update(layer).digest('hex')}`]);
  expect(Buffer.compare(layer, await readFile(layerFiles[0]))).toBe(0);
  expect(layer.byteLength).toBe(bytes);
  expect(bytes).toBeGreaterThan(1.5 * mebibyte);
  expect(leastStoredBytes).toBeLessThan(bytes / 5);
  expect((await readTar(layerFiles[0])).size).toBeGreaterThan(10);
});

test('a layer of noise needs all of its bytes in the store', async () => {
  const shape = { kind: 'noise', layers: 2, layerBytes: mebibyte, seed: 'x' } as const;
  const { leastStoredBytes, bytes } = await makeMaterial(folder.path, shape, signal);
  expect(leastStoredBytes).toBe(bytes);
});
