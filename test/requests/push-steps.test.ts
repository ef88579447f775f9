import { expect, test } from 'vitest';
import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { createTransferEngine } from '../../src/parallel/transfer-engine.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { readFormatBeside } from '../../src/runtime/read-format-beside.ts';
import type { FirstLook } from '../../src/registry/push-outlook.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { addBlob, addManifest, createGraph, type Graph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { type CountedRequest, createStepBucket } from './count-steps.ts';

const MIB = 2 ** 20;

/** An image with a small layer that all versions share, and a large one that goes up in two parts. */
function addVersion(graph: Graph, version: number): Descriptor {
  const large = Uint8Array.from({ length: 9 * MIB }, (_, index) => (index * 7 + version) % 253);
  const config = addBlob(graph, mediaTypes.imageConfig, `{"os":"linux","architecture":"amd64","author":"${version}"}`);
  const layers = [addBlob(graph, mediaTypes.layerGzip, 'base'), addBlob(graph, mediaTypes.layerGzip, large)];
  return addManifest(graph, mediaTypes.imageManifest, { config, layers });
}

function addPlatforms(graph: Graph): Descriptor {
  return addManifest(graph, mediaTypes.imageIndex, { manifests: [addVersion(graph, 1), addVersion(graph, 2)] });
}

interface Steps {
  /** Steps before that of the first part. */
  readonly before: number;
  /** Steps after that of the last part. */
  readonly after: number;
  readonly all: number;
  readonly requests: number;
}

function openStore() {
  const inner = createMemoryBucket({ clock: systemClock });
  /** One run of the command, as `openWritableBucket` and `bucketry push` do it. */
  const run = async (graph: Graph, root: Descriptor, name: string, tag: string): Promise<readonly CountedRequest[]> => {
    const { bucket, requests } = createStepBucket(inner);
    const repository = openRepository(bucket, parseRepositoryName(name), createTransferEngine({ clock: systemClock }));
    let firstLook: FirstLook | undefined;
    const look = async (): Promise<void> => void (firstLook = await repository.lookBeforePush(parseTag(tag)));
    const format = (await readFormatBeside(bucket, { beside: look })) ?? 'none';
    await copyImage(
      createMemorySource(graph, root),
      createBucketTarget(repository, { tag: parseTag(tag), format, firstLook, location: name }),
    );
    return requests;
  };
  return { run, push: async (...image: Parameters<typeof run>): Promise<Steps> => countSteps(await run(...image)) };
}

function countSteps(requests: readonly CountedRequest[]): Steps {
  const parts = requests.filter(({ what }) => what === 'putPart blob').map(({ step }) => step);
  const all = Math.max(...requests.map(({ step }) => step));
  return {
    before: parts.length > 0 ? Math.min(...parts) - 1 : all,
    after: parts.length > 0 ? all - Math.max(...parts) : 0,
    all,
    requests: requests.length,
  };
}

test('a first push takes two ways there and back before the first part, and five after the last', async () => {
  const { push } = openStore();
  const graph = createGraph();
  // A bucket without a format is made ready by two writes, one after the other
  expect(await push(graph, addVersion(graph, 1), 'team/one', '1')).toMatchObject({ before: 4, after: 5 });
  expect(await push(graph, addVersion(graph, 2), 'team/two', '1')).toMatchObject({ before: 2, after: 5 });
});

test('a new tag in an old repository, some layers of which are there, waits once more: the state of collection is read after the manifest', async () => {
  const { push } = openStore();
  const graph = createGraph();
  await push(graph, addVersion(graph, 1), 'team/app', '1');
  expect(await push(graph, addVersion(graph, 2), 'team/app', '2')).toMatchObject({ before: 2, after: 6 });
});

test('a new version under the same tag, whose old one vouches for what both share, is listed already', async () => {
  const { push } = openStore();
  const graph = createGraph();
  await push(graph, addVersion(graph, 1), 'team/app', '1');
  expect(await push(graph, addVersion(graph, 2), 'team/app', '1')).toMatchObject({ before: 2, after: 4 });
});

test('an index takes one more step than an image: it comes after its images', async () => {
  const { push } = openStore();
  const graph = createGraph();
  await push(graph, addVersion(graph, 3), 'team/other', '1');
  expect(await push(graph, addPlatforms(graph), 'team/app', '1')).toMatchObject({ before: 2, after: 6 });
});

test('a push of what the tag names already takes one step of four reads', async () => {
  const { push } = openStore();
  const graph = createGraph();
  const root = addPlatforms(graph);
  await push(graph, root, 'team/app', '1');
  expect(await push(graph, root, 'team/app', '1')).toMatchObject({ all: 1, requests: 4 });
});

test('an image that has a tag gets another', async () => {
  const { push } = openStore();
  const graph = createGraph();
  const root = addVersion(graph, 1);
  await push(graph, root, 'team/app', '1');
  expect(await push(graph, root, 'team/app', '2')).toMatchObject({ all: 7 });
});

test('what is begun ahead in vain is ended: no upload stays of a layer that is there', async () => {
  const { push, run } = openStore();
  const graph = createGraph();
  const root = addVersion(graph, 1);
  await push(graph, root, 'team/app', '1');
  const requests = (await run(graph, root, 'team/app', '2')).map(({ what }) => what);
  expect(requests.filter((what) => what === 'create blob')).toHaveLength(1);
  expect(requests.filter((what) => what === 'abort blob')).toHaveLength(1);
});
