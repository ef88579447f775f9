import type { Bucket } from '../../src/bucket/bucket.ts';
import { withLimit } from '../../src/bucket/decorators/with-limit.ts';
import { withPrefix } from '../../src/bucket/decorators/with-prefix.ts';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { withTrace } from '../../src/bucket/decorators/with-trace.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket, type S3BucketOptions } from '../../src/bucket/s3/s3-bucket.ts';
import { createFetchHttpClient } from '../../src/http/fetch-http-client.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { PERSONALITIES } from '../s3-server/personalities.ts';
import { type S3ServerOptions, startS3Server } from '../s3-server/server.ts';
import { describeBucketContract } from './bucket-contract.ts';
import type { OpenedBucket } from './bucket-contract-harness.ts';
import { startTlsFront, testCertificate } from '../tls-front.ts';

interface Variant {
  readonly personality: NonNullable<S3ServerOptions['personality']>;
  readonly isTls?: boolean;
  readonly options?: Partial<S3BucketOptions>;
  readonly decorate?: (bucket: Bucket) => Bucket;
  readonly maxKeyBytes?: number;
}

/** R2's rules, and its rest between two writes made short enough to wait for. */
const r2Like = { ...PERSONALITIES.r2, keyWriteIntervalMs: 20 };

const variants: Readonly<Record<string, Variant>> = {
  'as AWS': { personality: 'aws' },
  'as AWS, over TLS': { personality: 'aws', isTls: true },
  'as AWS, over fetch': { personality: 'aws', options: { http: createFetchHttpClient() } },
  'as R2, with writes kept apart': {
    personality: r2Like,
    options: { region: 'auto', abilities: { equalParts: true, minWriteIntervalMs: r2Like.keyWriteIntervalMs } },
    // A little more than the rest, since the store counts from the end of its own work
    decorate: (bucket) => withLimit(bucket, { maxRequests: 8, minWriteIntervalMs: r2Like.keyWriteIntervalMs + 5 }),
  },
  'that has no conditions': { personality: 'no-conditions', options: { abilities: { conditionalPut: 'none' } } },
  'that ignores conditions': { personality: 'ignores-conditions', options: { abilities: { conditionalPut: 'ignored' } } },
  'that checks what follows a part': { personality: 'trailed-parts', options: { abilities: { verifiesCrc32: true } } },
  'that lists in another order': { personality: 'unordered-listing' },
  'in every decorator': {
    personality: 'aws',
    decorate: (bucket) => withRetry(withLimit(withPrefix(withTrace(bucket), 'some/where'), { maxRequests: 8 })),
    maxKeyBytes: 1000,
  },
};

async function open({ personality, isTls, options, decorate = (bucket) => bucket }: Variant): Promise<OpenedBucket> {
  const server = await startS3Server({ buckets: ['contract'], personality });
  const front = isTls ? await startTlsFront(server.endpoint) : undefined;
  const bucket = decorate(
    openS3Bucket({
      bucket: 'contract',
      region: server.region,
      endpoint: front?.endpoint ?? server.endpoint,
      credentials: staticCredentials(server.credentials),
      http: createNodeHttpClient({ env: {}, ca: testCertificate }),
      clock: systemClock,
      ...options,
    }),
  );
  return {
    bucket,
    cleanup: async () => {
      await bucket.close();
      await front?.close();
      await server.close();
    },
  };
}

for (const [name, variant] of Object.entries(variants)) {
  const { maxKeyBytes } = variant;
  describeBucketContract(`s3 bucket on our own server ${name}`, () => open(variant), { maxKeyBytes });
}
