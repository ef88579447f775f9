import type { BucketAdmin } from '../bucket/bucket-admin.ts';
import type { Bucket, BucketAbilities, RequestOptions } from '../bucket/bucket.ts';
import { withLimit } from '../bucket/decorators/with-limit.ts';
import { withRetry } from '../bucket/decorators/with-retry.ts';
import { openDirectoryBucket } from '../bucket/directory/directory-bucket.node.ts';
import { staticCredentials } from '../bucket/s3/credentials-provider.ts';
import { openS3Admin } from '../bucket/s3/s3-admin.ts';
import { openS3Bucket } from '../bucket/s3/s3-bucket.ts';
import type { S3ClientOptions } from '../bucket/s3/s3-client.ts';
import { createDefaultCredentials } from '../bucket/s3/s3-credentials.node.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { readBucketFormat } from '../registry/bucket-format.ts';
import { systemClock } from '../streams/clock.ts';
import type { ResolvedBucketPlace } from './resolve-place.node.ts';
import { findS3Settings, type StoreAddress } from './s3-settings.ts';

type Address = ResolvedBucketPlace['address'];

export interface OpenBucketOptions extends RequestOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Makes a directory bucket that is missing, and goes by what `init` found out about the store. */
  readonly forWriting?: boolean | undefined;
}

/** Requests under way at once; those that carry bodies are bounded more narrowly by who sends them. */
const maxRequests = 64;

/**
 * Opens a bucket as the command line uses it: what fails for a passing reason is tried again, and the store is not flooded.
 * @throws RegistryError `usage-invalid` for a bucket that is only public, which is read as a registry (see `openRemote`)
 */
export async function openBucket(address: Address, options: OpenBucketOptions): Promise<Bucket> {
  const { environment, signal, forWriting = false } = options;
  if (address.kind === 'file') return openDirectoryBucket({ root: address.path, create: forWriting });
  if ('host' in address) {
    throw new RegistryError('usage-invalid', `Cannot do this with "${address.kind}://${address.host}": it can only be pulled from`);
  }
  const open = (abilities?: Partial<BucketAbilities>): Bucket => {
    const bucket = openS3Bucket({ ...findS3Options(address, environment), abilities });
    return withRetry(withLimit(bucket, { maxRequests }));
  };
  const bucket = open();
  const profile = forWriting ? (await readBucketFormat(bucket, { signal }))?.store : undefined;
  if (!profile) return bucket;
  await bucket.close();
  return open(dropUndefined(profile));
}

/** Opens a bucket's settings; undefined for a directory, which has none. */
export function openBucketAdmin(address: Address, environment: NodeJS.ProcessEnv): BucketAdmin | undefined {
  return address.kind === 's3' || address.kind === 'r2' ? openS3Admin(findS3Options(address, environment)) : undefined;
}

function findS3Options(address: StoreAddress, environment: NodeJS.ProcessEnv): S3ClientOptions {
  const { place, keys } = findS3Settings(address, environment);
  const credentials = keys ? staticCredentials(keys) : createDefaultCredentials({ clock: systemClock, env: environment });
  return { ...place, credentials, http: createNodeHttpClient({ env: environment }), clock: systemClock };
}

function dropUndefined(profile: { readonly [K in keyof BucketAbilities]?: BucketAbilities[K] | undefined }): Partial<BucketAbilities> {
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
}
