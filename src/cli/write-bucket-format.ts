import type { Bucket } from '../bucket/bucket.ts';
import { type BucketFormat, formatBucketFormat, parseBucketFormat } from '../layout/format-version.ts';
import { formatKey } from '../layout/keys.ts';
import { documentHeaders } from '../layout/objects.ts';
import { bytesSource } from '../streams/byte-source.ts';

/** Writes `_bucketry/format` anew. Of two `init`s at once the last one wins, wholly. */
export async function writeBucketFormat(bucket: Bucket, format: Omit<BucketFormat, 'version'>, signal: AbortSignal): Promise<BucketFormat> {
  const bytes = formatBucketFormat(format);
  await bucket.put(formatKey({ kind: 'format' }), bytesSource(bytes), { ...documentHeaders(), signal });
  return parseBucketFormat(bytes);
}
