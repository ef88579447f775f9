import type { RepositoryName } from '../oci/repository-name.ts';
import { openRepository } from '../registry/repository.ts';
import { openBucket } from './open-bucket.node.ts';
import type { OpenBucketOptions } from './open-bucket-options.ts';
import type { ResolvedBucketPlace } from './resolve-place.node.ts';

/** The tags of a repository in a bucket, sorted by bytes: by listing it, or as anyone reads it where the bucket is only public. */
export async function listTags(
  { address, repository }: ResolvedBucketPlace & { readonly repository: RepositoryName },
  options: OpenBucketOptions,
): Promise<readonly string[]> {
  const { signal, environment } = options;
  if ('host' in address) {
    const { openRemote } = await import('./open-remote.node.ts');
    const remote = openRemote(address, repository, environment);
    try {
      return (await Array.fromAsync(remote.repository.listTags({ signal }))).sort();
    } finally {
      await remote.close();
    }
  }
  const bucket = await openBucket(address, options);
  try {
    return await openRepository(bucket, repository).tags.list({ signal });
  } finally {
    await bucket.close();
  }
}
