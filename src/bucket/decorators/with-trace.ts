import { type BucketTrace, tracePoints } from '../../streams/trace-points.ts';
import type { Bucket } from '../bucket.ts';
import { aroundBucket, type BucketOperation } from './around-bucket.ts';

/**
 * Tells the tracing channel `bucketry:bucket` of every operation. A `get` ends when its headers are known, a listing when it was read to its end or left. Innermost, it
 * sees every try; outermost, what the caller waited for.
 */
export function withTrace(inner: Bucket): Bucket {
  const describe = ({ name, key }: BucketOperation): BucketTrace => ({ operation: name, location: inner.location, key });
  return aroundBucket(inner, {
    call: (operation, run) => tracePoints.bucket.run(run, () => describe(operation)),
    iterate: (operation, open) => tracePoints.bucket.iterate(open, () => describe(operation)),
  });
}
