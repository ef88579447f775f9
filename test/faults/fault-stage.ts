import type { Bucket, BucketAbilities } from '../../src/bucket/bucket.ts';
import { withLimit } from '../../src/bucket/decorators/with-limit.ts';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { withTrace } from '../../src/bucket/decorators/with-trace.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import { toTimeoutError } from '../../src/http/connection-error.ts';
import type { HttpClient } from '../../src/http/http-client.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import type { PersonalityName } from '../s3-server/personalities.ts';
import type { Credentials } from '../s3-server/signature.ts';
import { type S3TestServer, startS3Server } from '../s3-server/server.ts';
import type { StoredObject } from './stored-objects.ts';
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts';

export const bucketName = 'images';
/** At whose root the bucket stands, for everyone to read. */
export const publicHost = 'registry.example.com';

/** Temporary ones, so that a session token, too, could leak; without digits, which are left out of the texts that are searched for them. */
export const credentials: Credentials = {
  accessKeyId: 'ASIAFAULTTABLENOBODY',
  secretAccessKey: 'FaultTable/SecretAccess+Key/OfNobody',
  sessionToken: 'FaultTable/Session+Token/OfNobody',
  policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }] },
};

/**
 * The stores of the table, each with what `init` has probed of it. Not among them is `slow-list`: the format asks for listings that show what was answered before (docs/bucket-layout.md, "What is asked of
 * the store"). Nor are the three whose ways make no difference to what fails: `opaque-etags`, `exact-upload-keys`, `trailed-parts`.
 */
const storeAbilities: Readonly<Record<StoreName, Partial<BucketAbilities>>> = {
  aws: {},
  r2: { equalParts: true, minWriteIntervalMs: 1000 },
  'no-conditions': { conditionalPut: 'none' },
  'ignores-conditions': { conditionalPut: 'ignored' },
  'unordered-listing': {},
};

export type StoreName = Exclude<PersonalityName, 'slow-list' | 'opaque-etags' | 'exact-upload-keys' | 'trailed-parts'>;
export const storeNames: readonly StoreName[] = ['aws', 'r2', 'no-conditions', 'ignores-conditions', 'unordered-listing'];

/** One store with its own time. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly server: S3TestServer;
  /** Opens the bucket as another process would: nothing is remembered from before. */
  readonly openBucket: (options?: OpenOptions) => Bucket;
  readonly close: () => Promise<void>;
}

export interface OpenOptions {
  /** Tries again what fails, as the command line does; on if left out. */
  readonly retries?: boolean | undefined;
  /** Gives up a request on which the store stalls. */
  readonly stalls?: boolean | undefined;
}

/** Starts a store that holds some objects already, written an hour ago. */
export async function openStage(store: StoreName, objects: readonly StoredObject[] = []): Promise<Stage> {
  const clock = createVirtualClock();
  const server = await startS3Server({
    personality: store,
    publicBuckets: [bucketName],
    buckets: [bucketName],
    credentials,
    hosts: { [publicHost]: bucketName },
    now: () => clock.now(),
  });
  for (const { key, bytes, headers } of objects) server.writeObject(bucketName, key, bytes, headers);
  clock.advance(3_600_000);
  return {
    clock,
    server,
    openBucket({ retries = true, stalls = false } = {}) {
      const http = createNodeHttpClient({ env: {} });
      const bucket = openS3Bucket({
        bucket: bucketName,
        region: server.region,
        endpoint: server.endpoint,
        credentials: staticCredentials(credentials),
        http: stalls ? withoutPatience(http, server) : http,
        clock,
        abilities: storeAbilities[store],
      });
      const limited = withLimit(withTrace(bucket), { maxRequests: 64, clock });
      return retries ? withRetry(limited, { clock }) : limited;
    },
    close: () => server.close(),
  };
}

/** The store's requests bear their numbers, by which a stalled one is known. */
const numberHeader = 'x-test-request';
/** Real time between two looks for a request that the store will never answer. */
const lookMs = 5;

/**
 * A client that gives up a request as soon as the store stalls on it, as if its patience had come to an end. Real patience would need real time, and would end for others, too, where many stages keep one
 * process busy.
 */
function withoutPatience(http: HttpClient, server: S3TestServer): HttpClient {
  let count = 0;
  return {
    async send(request) {
      const number = String((count += 1));
      const stalled = new AbortController();
      const look = setInterval(() => {
        const isStalled = server.requests.some(({ fault, headers }) => fault === 'stall' && headers[numberHeader] === number);
        if (isStalled) stalled.abort(toTimeoutError(request.url, 'no byte moved', 60_000));
      }, lookMs);
      const signal = request.signal ? AbortSignal.any([request.signal, stalled.signal]) : stalled.signal;
      try {
        return await http.send({ ...request, headers: { ...request.headers, [numberHeader]: number }, signal });
      } finally {
        clearInterval(look);
      }
    },
    close: () => http.close(),
  };
}
