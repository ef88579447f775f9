import { openTraceChannel, traceChannelNames } from '../../streams/trace.ts';
import type { Bucket } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { aroundBucket, type BucketOperationName } from './around-bucket.ts';

/** What subscribers of the channel `bucketry:bucket` get; Node adds `result` or `error` when the operation ends. */
export interface BucketTrace {
  readonly operation: BucketOperationName;
  /** Without credentials. */
  readonly location: string;
  readonly key?: ObjectKey | undefined;
}

/**
 * Tells the tracing channel `bucketry:bucket` of every operation. A `get` ends when its headers are known, a listing when it was read to its end or left. Innermost, it
 * sees every try; outermost, what the caller waited for.
 */
export function withTrace(inner: Bucket): Bucket {
  const channel = openTraceChannel<BucketTrace>(traceChannelNames.bucket);
  const describe = (operation: BucketOperationName, key: ObjectKey | undefined): BucketTrace => ({
    operation,
    location: inner.location,
    key,
  });
  return aroundBucket(inner, {
    call: ({ name, key }, run) => channel.run(run, () => describe(name, key)),
    async *iterate({ name, key }, open) {
      if (!channel.active) {
        yield* open();
        return;
      }
      const ended = Promise.withResolvers<undefined>();
      const traced = channel.run(
        () => ended.promise,
        () => describe(name, key),
      );
      traced.catch(() => undefined);
      try {
        yield* open();
      } catch (error) {
        ended.reject(error);
        throw error;
      } finally {
        ended.resolve(undefined);
      }
    },
  });
}
