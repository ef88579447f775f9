import { expect, test } from 'vitest';
import { createJitteryBucket } from '../../test/faults/jittery-bucket.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { parseCatalog } from '../layout/catalog.ts';
import { formatKey } from '../layout/keys.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { createCatalog } from './catalog.ts';

const clock = createVirtualClock();

async function readCatalog(bucket: Bucket): Promise<readonly string[]> {
  const content = await bucket.get(formatKey({ kind: 'catalog' }));
  return parseCatalog(await readAll(content!.body, 1e6, 'the catalog'));
}

test('repositories that are recorded by many at once are all in the catalog, sorted, also those below another', async () => {
  const bucket = createMemoryBucket({ clock });
  const names = ['team', 'team/app', 'team/app/web', 'team-b', 'a'].map(parseRepositoryName);
  const record = async (name: (typeof names)[number], seed: number): Promise<void> => {
    const catalog = createCatalog(createJitteryBucket(bucket, seed), clock);
    await catalog.mark(name);
    await catalog.include(name);
  };
  await Promise.all(names.map(record));
  const wanted = ['a', 'team', 'team-b', 'team/app', 'team/app/web'];
  expect([await readCatalog(bucket), await createCatalog(bucket, clock).list()]).toEqual([wanted, wanted]);
});

test('a catalog that cannot be read is made again', async () => {
  const bucket = createMemoryBucket({ clock });
  const catalog = createCatalog(bucket, clock);
  await bucket.put(formatKey({ kind: 'catalog' }), bytesSource(new TextEncoder().encode('hello')));
  await catalog.mark(parseRepositoryName('team/app'));
  await catalog.include(parseRepositoryName('team/app'));
  expect(await readCatalog(bucket)).toEqual(['team/app']);
});
