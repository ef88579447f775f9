import type { Bucket } from '../../src/bucket/bucket.ts';
import type { BucketOperation } from '../../src/bucket/decorators/around-bucket.ts';
import { BucketError } from '../../src/errors/bucket-error.ts';
import { withFaults } from '../contract/with-faults.ts';

/**
 * What happens at the n-th call. `refused`: the store does not do it and says so, that once. `unheard`: it does it and its answer is lost, that once. `killed`: from that call on
 * nothing comes through any more, as when the process dies before it. `killed-after`: the same, the n-th call itself being done.
 */
export type FailureMode = 'refused' | 'unheard' | 'killed' | 'killed-after';
export const failureModes: readonly FailureMode[] = ['refused', 'unheard', 'killed', 'killed-after'];

/** A bucket that fails, and what became of it. */
export interface FailingBucket {
  readonly bucket: Bucket;
  /** Calls so far, that is: the numbers at which it can fail. */
  calls(): number;
}

/** Makes a bucket fail at its `n`-th call; at 0 it never does, and only counts. What was written stays in `inner`, for whoever comes after. */
export function createFailingBucket(inner: Bucket, n: number, mode: FailureMode): FailingBucket {
  let calls = 0;
  const choose = (operation: BucketOperation, count: number): { when: 'before' | 'after'; error: Error } | undefined => {
    calls = count;
    const isDead = mode === 'killed' ? count >= n : mode === 'killed-after' && count > n;
    if (n === 0 || (count !== n && !isDead)) return undefined;
    const when = isDead || mode === 'refused' ? 'before' : 'after';
    const code = mode === 'refused' ? 'store-unavailable' : 'connection-failed';
    return { when, error: new BucketError(code, `Cannot ${operation.name} "${operation.key ?? ''}": call ${count} fails (${mode})`) };
  };
  return { bucket: withFaults(inner, choose), calls: () => calls };
}
