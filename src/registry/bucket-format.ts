import type { Bucket } from '../bucket/bucket.ts';
import { type BucketFormat, formatBucketFormat, parseBucketFormat } from '../layout/format-version.ts';
import { formatKey } from '../layout/keys.ts';
import { documentHeaders } from '../layout/objects.ts';
import type { Clock } from '../streams/clock.ts';
import type { RequestOptions } from './repository-context.ts';
import { readObject, writeOnce } from './small-objects.ts';

/**
 * What the bucket says of its format; undefined where it was never made one of ours (anyone's images can be read there all the same).
 * @throws RegistryError `format-too-new`, `format-invalid`
 */
export async function readBucketFormat(bucket: Bucket, options: RequestOptions = {}): Promise<BucketFormat | undefined> {
  const stored = await readObject(bucket, formatKey({ kind: 'format' }), options);
  return stored && parseBucketFormat(stored.bytes);
}

/**
 * Makes sure that a bucket may be written in the format that this program knows. A bucket that was never `init`ed gets `v2/` and then the format version, both create-only: the
 * version comes last, so where it is, all is; and what `init` wrote meanwhile stays.
 * @param options `isProbablyNew`: it was just read, and there was none
 * @throws RegistryError `format-too-new`, `format-invalid`
 */
export async function ensureBucketFormat(
  bucket: Bucket,
  clock: Clock,
  { isProbablyNew = false, signal }: RequestOptions & { readonly isProbablyNew?: boolean | undefined } = {},
): Promise<BucketFormat> {
  for (let round = 1; ; round += 1) {
    const format = isProbablyNew && round === 1 ? undefined : await readBucketFormat(bucket, { signal });
    if (format) return format;
    const headers = { ...documentHeaders(), isProbablyNew, signal };
    const bytes = formatBucketFormat({});
    await writeOnce(bucket, formatKey({ kind: 'root' }), new Uint8Array(), clock, headers);
    const isOurs = await writeOnce(bucket, formatKey({ kind: 'format' }), bytes, clock, headers);
    if (isOurs && bucket.abilities.conditionalPut === 'atomic') return parseBucketFormat(bytes);
  }
}
