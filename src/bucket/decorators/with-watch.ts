import type { Clock } from '../../streams/clock.ts';
import type { RequestWatch } from '../../streams/request-watch.ts';
import type { Bucket } from '../bucket.ts';
import { aroundBucket, type BucketOperationName } from './around-bucket.ts';

/** What tells the way there and back: requests without a body, answered as soon as the store has looked. */
const questions: ReadonlySet<BucketOperationName> = new Set<BucketOperationName>(['head', 'get']);

/** Tells a watch of every request. It belongs innermost, below retries and limits: there every try is seen, without the time that it had to wait. */
export function withWatch(inner: Bucket, watch: RequestWatch, clock: Clock): Bucket {
  return aroundBucket(inner, {
    async call({ name }, run) {
      const beganAtMs = clock.now();
      try {
        const result = await run();
        if (questions.has(name)) watch.onAnswer(clock.now() - beganAtMs);
        return result;
      } catch (error) {
        watch.onFailure(error, beganAtMs);
        throw error;
      }
    },
    async *iterate(_, open) {
      const beganAtMs = clock.now();
      try {
        yield* open();
      } catch (error) {
        watch.onFailure(error, beganAtMs);
        throw error;
      }
    },
  });
}
