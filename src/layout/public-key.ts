import { type ObjectKey, toObjectKey } from '../bucket/object-key.ts';
import { registryRoot } from './keys.ts';

/**
 * The key that a decoded URL path names (without its first `/`), if it lies in the part of a bucket that everyone may read. Whether it is a key of the format is not
 * asked: a store does not know that either.
 * @returns undefined for what lies outside, and for what can be no key
 */
export function toPublicKey(path: string): ObjectKey | undefined {
  if (!path.startsWith(registryRoot)) return undefined;
  try {
    return toObjectKey(path);
  } catch {
    return undefined;
  }
}
