import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { withLimit } from '../../src/bucket/decorators/with-limit.ts';
import { withPrefix } from '../../src/bucket/decorators/with-prefix.ts';
import { withRetry } from '../../src/bucket/decorators/with-retry.ts';
import { withTrace } from '../../src/bucket/decorators/with-trace.ts';
import { type DirectoryBucketOptions, openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { describeBucketContract } from './bucket-contract.ts';
import type { OpenedBucket } from './bucket-contract-harness.ts';

describeBucketContract('directory bucket', () => openTemporary({}));
describeBucketContract('directory bucket with portable names', () => openTemporary({ spelling: 'portable', fsync: false }));
describeBucketContract(
  'directory bucket in all decorators',
  () => openTemporary({ fsync: false }, (bucket) => withRetry(withLimit(withPrefix(withTrace(bucket), 'p/'), { maxRequests: 8 }))),
  { maxKeyBytes: 1000 },
);

async function openTemporary(
  options: Partial<DirectoryBucketOptions>,
  decorate: (bucket: Bucket) => Bucket = (bucket) => bucket,
): Promise<OpenedBucket> {
  const root = await mkdtemp(join(tmpdir(), 'bucketry-directory-'));
  const bucket = decorate(await openDirectoryBucket({ root, ...options }));
  const cleanup = async (): Promise<void> => {
    await bucket.close();
    await rm(root, { recursive: true, force: true });
  };
  return { bucket, cleanup };
}
