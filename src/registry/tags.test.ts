import { describe, expect, test } from 'vitest';
import { createJitteryBucket } from '../../test/faults/jittery-bucket.ts';
import { findBrokenReads } from '../../test/faults/reader-view.ts';
import { openSmallRepository, repositoryTarget } from '../../test/faults/repository-target.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { addImage, addManifest, createGraph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { formatKey } from '../layout/keys.ts';
import { parseTagList } from '../layout/tag-list.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseTag, type Tag } from '../oci/repository-name.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { copyImage } from '../transfer/copy-image.ts';
import type { StoredManifest } from './manifests.ts';
import type { Repository } from './repository.ts';

const clock = createVirtualClock();

/** Stores a manifest that names nothing, which is all that a tag needs. */
async function putIndex({ manifests }: Repository, text = 'an index'): Promise<StoredManifest> {
  const graph = createGraph();
  const { digest } = addManifest(graph, mediaTypes.imageIndex, { manifests: [], annotations: { text } });
  return manifests.put(digest, graph.manifests.get(digest)!);
}

async function readTagList(bucket: Bucket, { name }: Repository): Promise<readonly Tag[] | undefined> {
  const content = await bucket.get(formatKey({ kind: 'tag-list', name }));
  return content && parseTagList(await readAll(content.body, 1e6, 'the list')).tags;
}

describe('a tag', () => {
  test('is an object of the same bytes and type as its manifest, that caches ask for again', async () => {
    const bucket = createMemoryBucket({ clock });
    const repository = openSmallRepository(bucket, clock);
    const index = await putIndex(repository);
    await repository.tags.set(parseTag('v1'), index);
    const content = await bucket.get(formatKey({ kind: 'tag', name: repository.name, tag: parseTag('v1') }));
    expect(content).toMatchObject({ contentType: index.descriptor.mediaType, cacheControl: 'no-cache' });
    expect(Buffer.from(await readAll(content!.body, 1e6, 'the tag')).equals(index.bytes)).toBe(true);
    expect(await repository.tags.digestOf(parseTag('v1'))).toBe(index.descriptor.digest);
    expect(await readTagList(bucket, repository)).toEqual(['v1']);
  });

  test('that is moved or deleted leaves its manifest young, for those who are still pulling it', async () => {
    const own = createVirtualClock();
    const bucket = createMemoryBucket({ clock: own });
    const repository = openSmallRepository(bucket, own);
    const [first, second] = [await putIndex(repository, '1'), await putIndex(repository, '2')];
    const ageOf = async ({ descriptor: { digest } }: StoredManifest): Promise<number> => {
      const info = await bucket.head(formatKey({ kind: 'manifest', name: repository.name, digest }));
      return own.now() - info!.lastModified.getTime();
    };
    await repository.tags.set(parseTag('v1'), first);
    own.advance(1e9);
    await repository.tags.set(parseTag('v1'), first);
    expect(await ageOf(first)).toBe(1e9);
    await repository.tags.set(parseTag('v1'), second);
    expect(await ageOf(first)).toBe(0);
    own.advance(1e9);
    await repository.tags.delete([parseTag('v1')]);
    expect(await ageOf(second)).toBe(0);
  });

  test('can be set where something stands that is no manifest', async () => {
    const bucket = createMemoryBucket({ clock });
    const repository = openSmallRepository(bucket, clock);
    await bucket.put(
      formatKey({ kind: 'tag', name: repository.name, tag: parseTag('v1') }),
      bytesSource(new TextEncoder().encode('hello')),
    );
    await bucket.put(formatKey({ kind: 'tag-list', name: repository.name }), bytesSource(new TextEncoder().encode('hello')));
    await repository.tags.set(parseTag('v1'), await putIndex(repository));
    expect(await readTagList(bucket, repository)).toEqual(['v1']);
  });

  test('that is missing cannot be deleted, and no other is deleted with it', async () => {
    const bucket = createMemoryBucket({ clock });
    const repository = openSmallRepository(bucket, clock);
    await repository.tags.set(parseTag('v1'), await putIndex(repository));
    await expect(repository.tags.delete([parseTag('v1'), parseTag('v2')])).rejects.toMatchObject({ code: 'tag-missing' });
    expect(await repository.tags.list()).toEqual(['v1']);
    await repository.tags.delete([parseTag('v1')]);
    expect([await repository.tags.list(), await readTagList(bucket, repository)]).toEqual([[], []]);
  });
});

test('a deletion that died before it rewrote the list is ended by the next, which finds no tag', async () => {
  const bucket = createMemoryBucket({ clock });
  const repository = openSmallRepository(bucket, clock);
  await repository.tags.set(parseTag('v1'), await putIndex(repository));
  await bucket.delete(formatKey({ kind: 'tag', name: repository.name, tag: parseTag('v1') }));
  await expect(repository.tags.delete([parseTag('v1')])).rejects.toMatchObject({ code: 'tag-missing' });
  expect(await readTagList(bucket, repository)).toEqual([]);
});

describe('the list of tags', () => {
  test.each(['bytes', 'slash-first'] as const)(
    'is sorted by bytes, without digests and fallback tags (store lists %s)',
    async (listOrder) => {
      const bucket = createMemoryBucket({ clock, quirks: { listOrder } });
      const repository = openSmallRepository(bucket, clock);
      const index = await putIndex(repository);
      await repository.referrers.add(index.descriptor.digest, index.descriptor);
      for (const tag of ['b', 'a-1', 'a.1', 'a', 'Z', '10', '9', `${index.descriptor.digest.replace(':', '-')}.sig`]) {
        await repository.tags.set(parseTag(tag), index);
      }
      const wanted = ['10', '9', 'Z', 'a', 'a-1', 'a.1', 'b', `${index.descriptor.digest.replace(':', '-')}.sig`];
      expect(await readTagList(bucket, repository)).toEqual(wanted);
      expect(await repository.tags.list()).toEqual(wanted);
    },
  );

  test('does not hold the tags of a repository whose name begins the same', async () => {
    const bucket = createMemoryBucket({ clock });
    const [app, web] = [openSmallRepository(bucket, clock, 'team/app'), openSmallRepository(bucket, clock, 'team/app/web')];
    await app.tags.set(parseTag('app'), await putIndex(app));
    await web.tags.set(parseTag('web'), await putIndex(web));
    expect([await app.tags.list(), await web.tags.list()]).toEqual([['app'], ['web']]);
  });

  test('is read from tags/list where the store does not let us list', async () => {
    const bucket = createMemoryBucket({ clock });
    const repository = openSmallRepository(bucket, clock);
    await repository.tags.set(parseTag('v1'), await putIndex(repository));
    const closed = aroundBucket(bucket, {
      call: (_, run) => run(),
      iterate: () => {
        throw new BucketError('access-denied', 'Cannot list: denied');
      },
    });
    expect(await openSmallRepository(closed, clock).tags.list()).toEqual(['v1']);
    expect(await openSmallRepository(closed, clock, 'other').tags.list()).toEqual([]);
  });
});

describe.each(['atomic', 'ignored', 'none'] as const)('where conditions are %s', (conditionalPut) => {
  test('eight writers of fifty tags each lose none', { timeout: 60_000 }, async () => {
    const inner = createMemoryBucket({ clock, abilities: { conditionalPut } });
    const index = await putIndex(openSmallRepository(inner, clock));
    const write = async (writer: number): Promise<void> => {
      const repository = openSmallRepository(createJitteryBucket(inner, writer), clock);
      for (let n = 0; n < 50; n += 1) await repository.tags.set(parseTag(`tag-${writer}-${n}`), index);
    };
    await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)));
    const wanted = Array.from({ length: 400 }, (_, n) => `tag-${Math.floor(n / 50)}-${n % 50}`).toSorted();
    expect(await readTagList(inner, openSmallRepository(inner, clock))).toEqual(wanted);
  });

  test('writers that set and delete the same tags at once leave the list as the tags are', async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const inner = createMemoryBucket({ clock, abilities: { conditionalPut } });
      const index = await putIndex(openSmallRepository(inner, clock));
      const write = async (writer: number): Promise<void> => {
        const repository = openSmallRepository(createJitteryBucket(inner, seed * 10 + writer), clock);
        for (let n = 0; n < 6; n += 1) {
          const tag = parseTag(`tag-${(n + writer) % 2}`);
          if ((n + writer) % 3 > 0) await repository.tags.set(tag, index);
          else await repository.tags.delete([tag]).catch((error: unknown) => expect(error).toMatchObject({ code: 'tag-missing' }));
        }
      };
      await Promise.all([0, 1, 2].map(write));
      const repository = openSmallRepository(inner, clock);
      expect(await readTagList(inner, repository), `seed ${seed}`).toEqual(await repository.tags.list());
    }
  });

  test('of two pushes of one tag at once one wins wholly, and both lists are right', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const inner = createMemoryBucket({ clock, abilities: { conditionalPut } });
      const graph = createGraph();
      const roots = [await addImage(graph, 'linux/amd64', ['one', 'shared']), await addImage(graph, 'linux/amd64', ['two', 'shared'])];
      const push = (root: (typeof roots)[number], index: number): Promise<unknown> => {
        const repository = openSmallRepository(createJitteryBucket(inner, seed * 2 + index), clock);
        return copyImage(createMemorySource(graph, root), repositoryTarget(repository, parseTag('latest')));
      };
      await Promise.all(roots.map(push));
      expect(await findBrokenReads(inner)).toEqual([]);
      const repository = openSmallRepository(inner, clock);
      const named = await repository.manifests.get(parseTag('latest'));
      expect(roots.map(({ digest }) => digest)).toContain(named?.descriptor.digest);
      expect(await readTagList(inner, repository)).toEqual(['latest']);
    }
  });
});

test('fifty tags set at once by one process cost a few rewrites of the list, not fifty', async () => {
  const inner = createMemoryBucket({ clock });
  let writes = 0;
  const counted = aroundBucket(inner, {
    call: ({ name, key }, run) => {
      if (name === 'put' && key?.endsWith('/list')) writes += 1;
      return run();
    },
    iterate: (_, open) => open(),
  });
  const repository = openSmallRepository(counted, clock);
  const index = await putIndex(repository);
  await Promise.all(Array.from({ length: 50 }, (_, n) => repository.tags.set(parseTag(`v${n}`), index)));
  expect((await readTagList(inner, repository))?.length).toBe(50);
  expect(writes).toBeLessThan(5);
});
