import { BucketError } from '../../errors/bucket-error.ts';
import { hasCode } from '../../errors/coded-error.ts';
import type { WriteCondition } from '../bucket.ts';

/** S3 answers 404 to `If-Match` where there is no object: to us this is a condition that did not hold. */
export async function preconditionFor<T>(write: Promise<T>, { ifMatch }: WriteCondition, action: string): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (ifMatch === undefined || !hasCode(error, 'object-missing')) throw error;
    throw new BucketError('precondition-failed', `Cannot ${action}: wanted version ${ifMatch}, but there is no such object`, {
      cause: error,
    });
  }
}
