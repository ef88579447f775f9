import type { BucketAdmin } from '../bucket/bucket-admin.ts';
import type { Bucket, BucketAbilities } from '../bucket/bucket.ts';
import { withLimit } from '../bucket/decorators/with-limit.ts';
import { withRetry } from '../bucket/decorators/with-retry.ts';
import { withTrace } from '../bucket/decorators/with-trace.ts';
import { withWatch } from '../bucket/decorators/with-watch.ts';
import { staticCredentials } from '../bucket/s3/credentials-provider.ts';
import { openS3Admin } from '../bucket/s3/s3-admin.ts';
import { openS3Bucket } from '../bucket/s3/s3-bucket.ts';
import type { S3ClientOptions } from '../bucket/s3/s3-client.ts';
import { createDefaultCredentials } from '../bucket/s3/s3-credentials.node.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { withRequestTrace } from '../http/with-request-trace.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import { readBucketFormat } from '../registry/bucket-format.ts';
import { systemClock } from '../streams/clock.ts';
import type { OpenBucketOptions, OpenedBucket } from './open-bucket-options.ts';
import { resolveS3Settings } from './aws-profile.node.ts';
import type { StoreAddress } from './s3-settings.ts';

/** Requests under way at once: far more than there are ever connections for bodies, so that small ones never wait behind them. */
const maxRequests = 512;

/** Opens a bucket of a store that speaks S3: what fails for a passing reason is tried again, and the store is not flooded. */
export async function openStore(address: StoreAddress, options: OpenBucketOptions): Promise<OpenedBucket> {
  const { environment, signal, engine, forWriting = false } = options;
  const s3Options = await findS3Options(address, environment);
  const open = (abilities?: Partial<BucketAbilities>): Bucket => {
    const bucket = openS3Bucket({ ...s3Options, abilities });
    const watched = engine ? withWatch(bucket, engine.connections.watch, systemClock) : bucket;
    return withTrace(withRetry(withLimit(watched, { maxRequests })));
  };
  const bucket = open();
  const format = forWriting ? await readBucketFormat(bucket, { signal }) : undefined;
  // Over the same connections, which are open by now
  return { bucket: format?.store ? open(dropUndefined(format.store)) : bucket, format };
}

/** Opens the settings of such a bucket. */
export async function openStoreAdmin(address: StoreAddress, environment: NodeJS.ProcessEnv): Promise<BucketAdmin> {
  return openS3Admin(await findS3Options(address, environment));
}

async function findS3Options(address: StoreAddress, environment: NodeJS.ProcessEnv): Promise<S3ClientOptions> {
  const { place, keys } = await resolveS3Settings(address, environment);
  const credentials = keys ? staticCredentials(keys) : createDefaultCredentials({ clock: systemClock, env: environment });
  return { ...place, credentials, http: withRequestTrace(createNodeHttpClient({ env: environment })), clock: systemClock };
}

function dropUndefined(profile: NonNullable<BucketFormat['store']>): Partial<BucketAbilities> {
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
}
