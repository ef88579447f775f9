import { BucketError } from '../errors/bucket-error.ts';
import type { GetOptions } from './bucket.ts';
import type { ObjectKey } from './object-key.ts';

/**
 * The bytes of an object of `size` that a range asks for, its end clipped to the object's, as HTTP has it.
 * @throws BucketError `range-invalid` where the range begins past the last byte, or is empty
 */
export function resolveRange(key: ObjectKey, size: number, range: GetOptions['range']): { readonly start: number; readonly end: number } {
  if (!range) return { start: 0, end: size };
  const end = Math.min(range.end ?? size, size);
  if (range.start < 0 || range.start >= end) {
    const asked = `${range.start} to ${range.end ?? 'the end'}`;
    throw new BucketError('range-invalid', `Cannot read bytes ${asked} of "${key}": it has ${size} bytes`);
  }
  return { start: range.start, end };
}
