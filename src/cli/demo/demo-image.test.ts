import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../../oci/manifest.ts';
import type { ImageSource } from '../../transfer/image-source.ts';
import { describeImage } from '../describe-image.ts';
import { cow } from './cow.ts';
import { createDemoImage } from './demo-image.node.ts';
import { executeProgram, unpackProgram } from './unpack-program.node.ts';

const { signal } = new AbortController();

/** The image of one platform of an index. */
async function pick(source: ImageSource, architecture: string): Promise<ImageSource> {
  const root = await source.root();
  const index = parseManifest(await source.manifest(root), root.mediaType);
  const child = index.kind === 'index' ? index.manifests.find(({ platform }) => platform?.architecture === architecture) : undefined;
  if (!child) throw new Error(`There is no image for ${architecture}`);
  return { ...source, root: async () => child };
}

describe('createDemoImage', () => {
  it('is an index of two platforms, each of one small layer', async () => {
    const { kind, images } = await describeImage(await createDemoImage(), signal);
    expect(kind).toBe('index');
    expect(images.map(({ platform, layers }) => [platform, layers.length])).toEqual([
      ['linux/amd64', 1],
      ['linux/arm64', 1],
    ]);
    for (const { totalBytes } of images) expect(totalBytes).toBeLessThan(2000);
  });

  it('is the same bytes every time', async () => {
    const [one, other] = [await createDemoImage(), await createDemoImage()];
    expect((await one.root()).digest).toBe((await other.root()).digest);
  });

  it.each(['amd64', 'arm64'])('holds a program for %s that says what the cow says', async (architecture) => {
    const program = await unpackProgram(await pick(await createDemoImage(), architecture), signal);
    expect(new TextDecoder().decode(program)).toContain(cow);
    const isHere = process.platform === 'linux' && process.arch === (architecture === 'amd64' ? 'x64' : architecture);
    if (!isHere) return;
    const folder = await mkdtemp(join(tmpdir(), 'bucketry-demo-'));
    try {
      expect(await executeProgram(program, folder, signal)).toBe(cow);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
