import { describe, expect, onTestFinished, test } from 'vitest';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { parseTag } from '../../src/oci/repository-name.ts';
import { mapConcurrently } from '../../src/streams/concurrency.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { addImage, createGraph, type Graph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { listTags, type PublicHost, pullAnonymously } from './anonymous-pull.ts';
import { repositoryOf } from './fault-operations.ts';
import { bucketName, openStage, publicHost, type Stage, type StoreName } from './fault-stage.ts';
import { findWrongObjects } from './stored-objects.ts';

const timeoutMs = 300_000;
const stores: readonly StoreName[] = ['aws', 'no-conditions', 'ignores-conditions'];
const [writerCount, tagsEach, rounds] = [8, 50, 20];
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A writer is a process: it shares nothing with the others but the store. */
function openWriter(stage: Stage): (graph: Graph, root: Descriptor, tag: string) => Promise<void> {
  const bucket = stage.openBucket();
  const repository = repositoryOf({ bucket, clock: stage.clock });
  return async (graph, root, tag) => {
    const target = createBucketTarget(repository, { tag: parseTag(tag), location: `s3://images/team/app:${tag}` });
    await copyImage(createMemorySource(graph, root), target);
  };
}

async function startStage(store: StoreName): Promise<{ readonly stage: Stage; readonly at: PublicHost }> {
  const stage = await openStage(store);
  onTestFinished(() => stage.close());
  return { stage, at: { host: publicHost, port: Number(new URL(stage.server.endpoint).port) } };
}

describe.each(stores)('writers that know nothing of each other, on a store of the kind %s', (store) => {
  test('eight of them set 50 tags each: every tag is listed and can be pulled', { timeout: timeoutMs }, async () => {
    const { stage, at } = await startStage(store);
    const pushed = new Map<string, string>();
    await Promise.all(
      range(writerCount).map(async (writer) => {
        const push = openWriter(stage);
        const graph = createGraph();
        const root = await addImage(graph, 'linux/amd64', ['shared', String(writer)]);
        for (const number of range(tagsEach)) {
          await push(graph, root, `w${writer}-${number}`);
          pushed.set(`w${writer}-${number}`, root.digest);
        }
      }),
    );
    const tags = await listTags(at, 'team/app');
    expect(tags).toHaveLength(writerCount * tagsEach);
    expect(tags).toEqual([...pushed.keys()].toSorted());
    const pulled = await mapConcurrently(tags, 8, (tag) => pullAnonymously(at, 'team/app', tag));
    expect(pulled).toEqual(tags.map((tag) => pushed.get(tag)));
    expect(findWrongObjects(stage.server.objects(bucketName))).toEqual([]);
  });

  test('two of them push one tag at once, again and again: it is one image or the other, wholly', { timeout: timeoutMs }, async () => {
    const { stage, at } = await startStage(store);
    const writers = [openWriter(stage), openWriter(stage)];
    for (const round of range(rounds)) {
      const pushed = await Promise.all(
        writers.map(async (push, writer) => {
          const graph = createGraph();
          const root = await addImage(graph, 'linux/amd64', ['shared', `${round} ${writer}`]);
          await push(graph, root, 'latest');
          return root.digest;
        }),
      );
      expect(pushed).toContain(await pullAnonymously(at, 'team/app', 'latest'));
      for (const digest of pushed) expect(await pullAnonymously(at, 'team/app', digest)).toBe(digest);
      expect(findWrongObjects(stage.server.objects(bucketName))).toEqual([]);
    }
    expect(await listTags(at, 'team/app')).toEqual(['latest']);
  });
});
