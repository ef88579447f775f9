import type { BucketAdmin } from '../bucket/bucket-admin.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { withTrace } from '../bucket/decorators/with-trace.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { readBucketFormat } from '../registry/bucket-format.ts';
import type { OpenBucketOptions, OpenedBucket } from './open-bucket-options.ts';
import type { ResolvedBucketPlace } from './resolve-place.node.ts';

type Address = ResolvedBucketPlace['address'];

/**
 * Opens a bucket as the command line uses it; loads only the adapter that it needs.
 * @throws RegistryError `usage-invalid` for a bucket that is only public, which is read as a registry (see `openRemote`)
 */
export async function openBucket(address: Address, options: OpenBucketOptions): Promise<Bucket> {
  return (await open(address, options)).bucket;
}

/** Opens a bucket to write images into (see `forWriting`), and tells its format. */
export async function openWritableBucket(address: Address, options: OpenBucketOptions): Promise<OpenedBucket> {
  return open(address, { ...options, forWriting: true });
}

async function open(address: Address, options: OpenBucketOptions): Promise<OpenedBucket> {
  const { forWriting = false, temporaryGraceMs: temporaryMs, signal } = options;
  if ('host' in address) {
    throw new RegistryError('usage-invalid', `Cannot do this with "${address.kind}://${address.host}": it can only be pulled from`);
  }
  if (address.kind === 'file') {
    const { openDirectoryBucket } = await import('../bucket/directory/directory-bucket.node.ts');
    const bucket = withTrace(
      await openDirectoryBucket({ root: address.path, create: forWriting, grace: temporaryMs === undefined ? {} : { temporaryMs } }),
    );
    return { bucket, format: forWriting ? await readBucketFormat(bucket, { signal }) : undefined };
  }
  const { openStore } = await import('./open-store.node.ts');
  return openStore(address, options);
}

/** Opens a bucket's settings; undefined for a directory, which has none. */
export async function openBucketAdmin(address: Address, environment: NodeJS.ProcessEnv): Promise<BucketAdmin | undefined> {
  if (address.kind !== 's3' && address.kind !== 'r2') return undefined;
  const { openStoreAdmin } = await import('./open-store.node.ts');
  return openStoreAdmin(address, environment);
}
