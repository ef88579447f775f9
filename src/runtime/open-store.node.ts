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
import { resolveS3Endpoint, type S3Place } from '../bucket/s3/s3-endpoint.ts';
import { createDefaultCredentials } from '../bucket/s3/s3-credentials.node.ts';
import { createNodeReadClient } from '../http/node-read-client.node.ts';
import type { HttpClient } from '../http/http-client.ts';
import { withRequestTrace } from '../http/with-request-trace.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import { systemClock } from '../streams/clock.ts';
import type { OpenBucketOptions, OpenedBucket } from './open-bucket-options.ts';
import { readFormatBeside } from './read-format-beside.ts';
import { resolveS3Settings } from './aws-profile.node.ts';
import { readTrusted } from './read-trusted.node.ts';
import type { StoreAddress } from './s3-settings.ts';

/** Requests under way at once: far more than there are ever connections for bodies, so that small ones never wait behind them. */
const maxRequests = 512;

/** Opens a bucket of a store that speaks S3: what fails for a passing reason is tried again, and the store is not flooded. */
export async function openStore(address: StoreAddress, options: OpenBucketOptions): Promise<OpenedBucket> {
  const { environment, engine, forWriting = false } = options;
  const found = await findS3Options(address, environment);
  const s3Options = { ...found, http: withRequestTrace(await (forWriting ? openWriting(environment) : openReading(found, options))) };
  const open = (abilities?: Partial<BucketAbilities>): Bucket => {
    const bucket = openS3Bucket({ ...s3Options, abilities });
    const watched = engine ? withWatch(bucket, engine.connections.watch, systemClock) : bucket;
    return withTrace(withRetry(withLimit(watched, { maxRequests })));
  };
  const bucket = open();
  const format = forWriting ? await readFormatBeside(bucket, options) : undefined;
  // Over the same connections, which are open by now
  return { bucket: format?.store ? open(dropUndefined(format.store)) : bucket, format };
}

/** Opens the settings of such a bucket. */
export async function openStoreAdmin(address: StoreAddress, environment: NodeJS.ProcessEnv): Promise<BucketAdmin> {
  return openS3Admin({ ...(await findS3Options(address, environment)), http: withRequestTrace(await openWriting(environment)) });
}

/** Loaded only by who writes: reading needs nothing of `node:http`, which takes long to load. */
async function openWriting(environment: NodeJS.ProcessEnv): Promise<HttpClient> {
  const { createNodeHttpClient } = await import('../http/node-http-client.node.ts');
  return createNodeHttpClient({ env: environment, ca: await readTrusted(environment) });
}

/** For what moves much, connections are opened beside the first request. */
async function openReading(place: S3Place, { environment, engine }: OpenBucketOptions): Promise<HttpClient> {
  const client = createNodeReadClient({ env: environment, ca: await readTrusted(environment) });
  if (engine) client.prepare?.(resolveS3Endpoint(place).url(), engine.connections.limit);
  return client;
}

async function findS3Options(address: StoreAddress, environment: NodeJS.ProcessEnv): Promise<Omit<S3ClientOptions, 'http'>> {
  const { place, keys } = await resolveS3Settings(address, environment);
  const credentials = keys ? staticCredentials(keys) : createDefaultCredentials({ clock: systemClock, env: environment });
  return { ...place, credentials, clock: systemClock };
}

function dropUndefined(profile: NonNullable<BucketFormat['store']>): Partial<BucketAbilities> {
  return Object.fromEntries(Object.entries(profile).filter(([, value]) => value !== undefined));
}
