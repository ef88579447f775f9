import { RegistryError } from '../../errors/registry-error.ts';
import { builtin, type NodeHmac } from '../../streams/builtin.ts';

/** HMAC-SHA256 begun with a key. */
export function createHmac(key: string | Uint8Array): NodeHmac {
  const crypto = builtin('node:crypto');
  if (!crypto) {
    throw new RegistryError('internal', 'Cannot sign a request: this runtime has no HMAC', {
      hint: 'On Workers, set the compatibility flag "nodejs_compat".',
    });
  }
  return crypto.createHmac('sha256', key);
}

/** A key is good for one secret, day and region; more are in use at once only around midnight and when a region was corrected. */
const maxKeys = 16;
const keys = new Map<string, Uint8Array>();

/**
 * The key that requests of one day and region to S3 are signed with: four HMACs, kept for the requests that follow.
 * @param day `YYYYMMDD`
 */
export function deriveSigningKey(secretAccessKey: string, day: string, region: string): Uint8Array {
  const id = JSON.stringify([secretAccessKey, day, region]);
  const known = keys.get(id);
  if (known) return known;
  const secret: string | Uint8Array = `AWS4${secretAccessKey}`;
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Uint8Array>((key, text) => createHmac(key).update(text).digest(), secret);
  if (keys.size >= maxKeys) keys.clear();
  keys.set(id, key as Uint8Array);
  return key as Uint8Array;
}
