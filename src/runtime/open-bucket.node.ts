import type { BucketAdmin } from '../bucket/bucket-admin.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { withTrace } from '../bucket/decorators/with-trace.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { OpenBucketOptions, OpenedBucket } from './open-bucket-options.ts';
import { readFormatBeside } from './read-format-beside.ts';
import type { ResolvedBucketPlace } from './resolve-place.node.ts';

type Address = ResolvedBucketPlace['address'];

/**
 * Opens a bucket as the command line uses it; loads only the adapter that it needs.
 * @throws RegistryError `usage-invalid` for a bucket that is only public, which is read as a registry (see `openRemote`)
 */
export async function openBucket(address: Address, options: OpenBucketOptions): Promise<Bucket> {
  return (await open(address, options)).bucket;
}

/**
 * Opens a bucket to write images into (see `forWriting`), and tells its format.
 * @param look what is read beside the format (see `beside`)
 */
export async function openWritableBucket<T>(
  address: Address,
  options: OpenBucketOptions,
  look: (bucket: Bucket) => Promise<T>,
): Promise<OpenedBucket & { readonly looked: T }> {
  let looked: { readonly value: T } | undefined;
  const beside = async (bucket: Bucket): Promise<void> => void (looked = { value: await look(bucket) });
  const opened = await open(address, { ...options, forWriting: true, beside });
  return { ...opened, looked: looked ? looked.value : await look(opened.bucket) };
}

async function open(address: Address, options: OpenBucketOptions): Promise<OpenedBucket> {
  const { forWriting = false, temporaryGraceMs: temporaryMs } = options;
  if ('host' in address) {
    throw new RegistryError('usage-invalid', `Cannot do this with "${address.kind}://${address.host}": it can only be pulled from`);
  }
  if (address.kind === 'file') {
    const { openDirectoryBucket } = await import('../bucket/directory/directory-bucket.node.ts');
    const bucket = withTrace(
      await openDirectoryBucket({ root: address.path, create: forWriting, grace: temporaryMs === undefined ? {} : { temporaryMs } }),
    );
    return { bucket, format: forWriting ? await readFormatBeside(bucket, options) : undefined };
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
