import { BucketError } from '../errors/bucket-error.ts';
import type { ETag, WriteCondition } from './bucket.ts';
import type { ObjectKey } from './object-key.ts';

/**
 * Holds a condition against the version that is there (undefined: no object), for adapters that decide themselves. The caller keeps others from writing meanwhile.
 * @throws BucketError `precondition-failed`
 */
export function checkWriteCondition(key: ObjectKey, { ifMatch, ifNoneMatch }: WriteCondition, found: ETag | undefined): void {
  if (ifNoneMatch !== undefined && found !== undefined) {
    throw new BucketError('precondition-failed', `Cannot create "${key}": it is there already, as version ${found}`);
  }
  if (ifMatch !== undefined && ifMatch !== found) {
    throw new BucketError('precondition-failed', `Cannot replace "${key}": found version ${found ?? 'none'}, wanted ${ifMatch}`);
  }
}

/** Whether a write has a condition at all. */
export function hasCondition({ ifMatch, ifNoneMatch }: WriteCondition): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}
