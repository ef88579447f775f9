import type { BucketAbilities } from '../../src/bucket/bucket.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import { createFetchHttpClient } from '../../src/http/fetch-http-client.ts';
import type { HttpClient } from '../../src/http/http-client.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { systemClock } from '../../src/streams/clock.ts';
import type { PersonalityName } from '../s3-server/personalities.ts';
import { startS3Server } from '../s3-server/server.ts';
import { describeBucketContract } from './bucket-contract.ts';
import type { OpenedBucket } from './bucket-contract-harness.ts';

interface Variant {
  readonly personality: PersonalityName;
  readonly abilities?: Partial<BucketAbilities>;
  readonly createHttp?: () => HttpClient;
}

const variants: Readonly<Record<string, Variant>> = {
  'as AWS': { personality: 'aws' },
  'as AWS, over fetch': { personality: 'aws', createHttp: () => createFetchHttpClient() },
  'that has no conditions': { personality: 'no-conditions', abilities: { conditionalPut: 'none' } },
  'that ignores conditions': { personality: 'ignores-conditions', abilities: { conditionalPut: 'ignored' } },
  'that lists in another order': { personality: 'unordered-listing' },
};

async function open({ personality, abilities, createHttp }: Variant): Promise<OpenedBucket> {
  const server = await startS3Server({ buckets: ['contract'], personality });
  const bucket = openS3Bucket({
    bucket: 'contract',
    region: server.region,
    endpoint: server.endpoint,
    credentials: staticCredentials(server.credentials),
    http: createHttp?.() ?? createNodeHttpClient({ env: {} }),
    clock: systemClock,
    abilities,
  });
  return {
    bucket,
    cleanup: async () => {
      await bucket.close();
      await server.close();
    },
  };
}

for (const [name, variant] of Object.entries(variants)) {
  describeBucketContract(`s3 bucket on our own server ${name}`, () => open(variant));
}
