import { BucketError } from '../errors/bucket-error.ts';

declare const objectKey: unique symbol;

/**
 * The name of an object in a bucket. Only `layout/` makes registry keys, and adapters brand the keys that a store lists; everyone else passes them on.
 */
export type ObjectKey = string & { readonly [objectKey]: true };

/** S3's limit for a key, in bytes of UTF-8. */
export const maxKeyBytes = 1024;

/**
 * Brands a text as a key. Refuses what some store cannot hold: empty, over 1,024 bytes, a leading `/`, an empty, `.` or `..` segment
 * (a trailing `/` is fine: `v2/`), control characters and lone surrogates.
 * @throws BucketError `key-invalid`
 */
export function toObjectKey(text: string): ObjectKey {
  const segments = (text.endsWith('/') ? text.slice(0, -1) : text).split('/');
  const bytes = new TextEncoder().encode(text).byteLength;
  const sound =
    bytes <= maxKeyBytes && text.isWellFormed() && segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..');
  if (!sound || /[\u0000-\u001f\u007f]/.test(text)) {
    throw new BucketError(
      'key-invalid',
      `Cannot use ${JSON.stringify(text.slice(0, 200))} as an object key: wanted 1 to ${maxKeyBytes} bytes of non-empty segments, none of them "." or ".."`,
    );
  }
  return text as ObjectKey;
}
