import type { Bucket } from '../../src/bucket/bucket.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { systemClock } from '../../src/streams/clock.ts';

interface Reached {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The bucket `bucket` of a store that a test has started, and the environment in which the command line finds it. */
export function openTestBucket({ endpoint, region, accessKeyId, secretAccessKey }: Reached): {
  readonly bucket: Bucket;
  readonly environment: Readonly<Record<string, string>>;
} {
  return {
    bucket: openS3Bucket({
      bucket: 'bucket',
      region,
      endpoint,
      credentials: staticCredentials({ accessKeyId, secretAccessKey }),
      http: createNodeHttpClient({ env: {} }),
      clock: systemClock,
    }),
    environment: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  };
}
