import type { Bucket } from '../bucket/bucket.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import { readBucketFormat } from '../registry/bucket-format.ts';
import type { OpenBucketOptions } from './open-bucket-options.ts';

/** Reads a bucket's format, and beside it what else was asked for. Where both fail, the format tells why: a newer one may mean anything by the rest. */
export async function readFormatBeside(
  bucket: Bucket,
  { beside, signal }: Pick<OpenBucketOptions, 'beside' | 'signal'>,
): Promise<BucketFormat | undefined> {
  const [format, other] = await Promise.allSettled([readBucketFormat(bucket, { signal }), beside?.(bucket)]);
  if (format.status === 'rejected') throw format.reason;
  if (other.status === 'rejected') throw other.reason;
  return format.value;
}
