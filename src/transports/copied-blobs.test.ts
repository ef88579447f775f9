import { expect, test } from 'vitest';
import { addBlob, addManifest, createGraph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { openRepository, type Repository } from '../registry/repository.ts';
import { copyImage } from '../transfer/copy-image.ts';
import type { ImageSource } from '../transfer/image-source.ts';
import { createBucketSource } from './bucket-source.ts';
import { createBucketTarget } from './bucket-target.ts';
import { copyBlobsFrom } from './copied-blobs.ts';

const tag = parseTag('1.0');

/** A repository with an image of one small and one large layer, an empty one beside it, and what was read of blobs. */
async function createNeighbours(lacksCopy = false) {
  const bucket = createMemoryBucket({ quirks: { lacksCopy } });
  const open = (name: string): Repository => openRepository(bucket, parseRepositoryName(name));
  const graph = createGraph();
  const layers = [9 * 2 ** 20, 1000].map((size) => addBlob(graph, mediaTypes.layer, new Uint8Array(size).fill(size % 251)));
  const config = addBlob(graph, mediaTypes.imageConfig, '{}');
  const root = addManifest(graph, mediaTypes.imageManifest, { config, layers });
  await copyImage(createMemorySource(graph, root), createBucketTarget(open('team/a'), { tag, location: 'a' }));
  const opened: string[] = [];
  return { root, blobs: [config, ...layers], opened, from: open('team/a'), to: open('team/b') };
}

function watch(source: ImageSource, opened: string[]): ImageSource {
  return {
    ...source,
    blob(descriptor) {
      const bytes = source.blob(descriptor);
      return {
        ...bytes,
        scatter: undefined,
        async *open(options) {
          opened.push(descriptor.digest);
          yield* bytes.open(options);
        },
      };
    },
  };
}

test.each([
  ['a store that copies reads none of them', false],
  ['one that cannot has all of them sent', true],
])('of blobs that a repository of the same bucket has, %s', async (_, lacksCopy) => {
  const { root, blobs, opened, from, to } = await createNeighbours(lacksCopy);
  const target = copyBlobsFrom(from.name, createBucketTarget(to, { tag, location: 'b' }), to);
  const source = watch(createBucketSource(from, { reference: tag, location: 'a' }), opened);
  expect((await copyImage(source, target)).root.digest).toBe(root.digest);
  expect(new Set(opened)).toEqual(new Set(lacksCopy ? blobs.map(({ digest }) => digest) : []));
  for (const blob of blobs) expect(await to.blobs.has(blob)).toBe(true);
  expect(await to.tags.digestOf(tag)).toBe(root.digest);
});

test('another tag of the target is written so, too', async () => {
  const { opened, from, to } = await createNeighbours();
  const target = copyBlobsFrom(from.name, createBucketTarget(to, { tag, location: 'b' }), to);
  const other = target.openSibling?.(parseTag('2.0'));
  await copyImage(watch(createBucketSource(from, { reference: tag, location: 'a' }), opened), other ?? expect.unreachable());
  expect(opened).toEqual([]);
  expect(await to.tags.list()).toEqual(['2.0']);
});
