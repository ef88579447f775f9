import type { Bucket } from '../../src/bucket/bucket.ts';
import { withLimit } from '../../src/bucket/decorators/with-limit.ts';
import { withPrefix } from '../../src/bucket/decorators/with-prefix.ts';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { withTrace } from '../../src/bucket/decorators/with-trace.ts';
import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import { describeBucketContract } from './bucket-contract.ts';
import type { OpenedBucket } from './bucket-contract-harness.ts';

const decorated: Readonly<Record<string, (bucket: Bucket) => Bucket>> = {
  withRetry: (bucket) => withRetry(bucket),
  withLimit: (bucket) => withLimit(bucket, { maxRequests: 3 }),
  'withLimit, one request at a time, a millisecond between two writes of a key': (bucket) =>
    withLimit(bucket, { maxRequests: 1, minWriteIntervalMs: 1 }),
  withTrace: (bucket) => withTrace(bucket),
  withPrefix: (bucket) => withPrefix(bucket, 'p/'),
  'all decorators': (bucket) => withRetry(withLimit(withPrefix(withTrace(bucket), 'some/where'), { maxRequests: 8 })),
};

for (const [name, decorate] of Object.entries(decorated)) {
  const open = (): Promise<OpenedBucket> => {
    const bucket = decorate(createMemoryBucket());
    return Promise.resolve({ bucket, cleanup: () => bucket.close() });
  };
  describeBucketContract(`${name} over memory`, open, { maxKeyBytes: 1000 });
}
