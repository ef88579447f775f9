import { expect, it } from 'vitest';
import { addImage, createGraph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { rejection } from '../../test/coded-errors.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { openRepository, type Repository } from '../registry/repository.ts';
import { copyImage } from '../transfer/copy-image.ts';
import type { ImageSource } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { createBucketTarget } from './bucket-target.ts';
import { createSharedBlobs } from './shared-blobs.ts';

/** A source that tells which blobs were opened, and opens them only when it may. */
function watched(source: ImageSource, opened: string[], mayOpen: Promise<void> = Promise.resolve()): ImageSource {
  return {
    ...source,
    blob(descriptor) {
      const bytes = source.blob(descriptor);
      return {
        ...bytes,
        async *open(options) {
          opened.push(descriptor.digest);
          await mayOpen;
          yield* bytes.open(options);
        },
      };
    },
  };
}

async function createWorld(lacksCopy = false): Promise<{
  readonly image: Descriptor;
  readonly source: ImageSource;
  readonly target: (name: string) => ImageTarget;
  readonly repository: (name: string) => Repository;
}> {
  const graph = createGraph();
  const image = await addImage(graph, 'linux/amd64');
  const bucket = createMemoryBucket({ quirks: { lacksCopy } });
  const repository = (name: string): Repository => openRepository(bucket, parseRepositoryName(name));
  const shared = createSharedBlobs();
  const target = (name: string): ImageTarget => {
    const into = repository(name);
    return shared.share(createBucketTarget(into, { tag: parseTag('latest'), location: name }), into);
  };
  return { image, source: createMemorySource(graph, image), target, repository };
}

it('a blob is read once for all repositories of a bucket, also by those who come while it is read', async () => {
  const { image, source, target, repository } = await createWorld();
  const opened: string[] = [];
  const door = Promise.withResolvers<void>();
  const copies = ['a', 'b', 'c'].map((name) => copyImage(watched(source, opened, door.promise), target(name)));
  await new Promise((resolve) => setTimeout(resolve, 20));
  door.resolve();
  await Promise.all(copies);
  expect(opened).toHaveLength(2);
  expect(new Set(opened).size).toBe(2);
  for (const name of ['a', 'b', 'c']) expect(await repository(name).tags.digestOf(parseTag('latest'))).toBe(image.digest);
});

it('who waits for a blob that then fails sends it', async () => {
  const { image, source, target, repository } = await createWorld();
  const door = Promise.withResolvers<void>();
  const failing = rejection(copyImage(watched(source, [], door.promise), target('a')));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const waiting = copyImage(source, target('b'));
  door.reject(new RegistryError('registry-unavailable', 'gone'));
  expect((await failing).code).toBe('registry-unavailable');
  await waiting;
  expect(await repository('b').tags.digestOf(parseTag('latest'))).toBe(image.digest);
});

it('who is stopped waits no longer', async () => {
  const { source, target } = await createWorld();
  const door = Promise.withResolvers<void>();
  const first = copyImage(watched(source, [], door.promise), target('a'));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const stop = new AbortController();
  const waiting = rejection(copyImage(source, target('b'), { signal: stop.signal }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  stop.abort();
  expect((await waiting).code).toBe('aborted');
  door.resolve();
  await first;
});

it('where the store cannot copy, the blob is read again', async () => {
  const { source, target } = await createWorld(true);
  const opened: string[] = [];
  await copyImage(watched(source, opened), target('a'));
  await copyImage(watched(source, opened), target('b'));
  expect(opened).toHaveLength(4);
});
