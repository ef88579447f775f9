import type { Bucket } from '../../src/bucket/bucket.ts';
import { parseRepositoryName, type Tag } from '../../src/oci/repository-name.ts';
import { createByteBudget } from '../../src/parallel/byte-budget.ts';
import { openRepository, type Repository } from '../../src/registry/repository.ts';
import type { Clock } from '../../src/streams/clock.ts';
import type { ImageTarget } from '../../src/transfer/image-target.ts';

/** A repository with parts so small that a layer of a few hundred bytes goes up in several. */
export function openSmallRepository(bucket: Bucket, clock: Clock, name = 'team/app'): Repository {
  return openRepository(bucket, parseRepositoryName(name), { clock, partSizeBytes: 128, budget: createByteBudget(4096) });
}

/** A repository as the target of a copy. */
export function repositoryTarget(repository: Repository, tag: Tag | undefined): ImageTarget {
  return {
    location: `${repository.bucket.location}/${repository.name}`,
    takes: 'graph',
    begin: (options) => repository.beginPush(tag, options),
    close: async () => undefined,
  };
}
