import { RegistryError } from '../errors/registry-error.ts';
import type { BucketAddress } from '../transports/bucket-address.ts';
import { type BucketPlace, parsePlace, type Place } from '../transports/place.ts';
import { readConfiguration } from './configuration.node.ts';

/** The bucket of places that name none, when nothing is configured. */
const embeddedBucket = 'file:./.bucketry/bucket';

export interface PlaceOptions {
  /** The bucket of places that name none: what `--bucket` or `BUCKETRY_BUCKET` say. The configuration's, then the embedded one, if left out. */
  readonly bucket?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A place within a bucket of which it is known which one it is. */
export type ResolvedBucketPlace = BucketPlace & { readonly address: Exclude<BucketAddress, { readonly kind: 'default' }> };
export type ResolvedPlace = Exclude<Place, BucketPlace> | ResolvedBucketPlace;

/**
 * Reads the name of a place, and says which bucket a bare `NAME:TAG` lies in.
 * @throws RegistryError `reference-invalid` and whatever `parsePlace` throws; `input-invalid` and `usage-invalid` for the configuration
 */
export async function resolvePlace(text: string, options: PlaceOptions): Promise<ResolvedPlace> {
  const place = parsePlace(text);
  if (place.kind !== 'bucket') return place;
  const { address } = place;
  return { ...place, address: address.kind === 'default' ? await findDefaultBucket(options) : address };
}

/** As `resolvePlace`, for what must lie in a bucket. */
export async function resolveBucketPlace(text: string, options: PlaceOptions): Promise<ResolvedBucketPlace> {
  const place = await resolvePlace(text, options);
  if (place.kind === 'bucket') return place;
  throw new RegistryError('reference-invalid', `Cannot use ${JSON.stringify(text)} here: wanted a place in a bucket`, {
    hint: 'Places in buckets look like "s3://my-bucket/team/app:1.0" or "file:./bucket//team/app:1.0".',
  });
}

/** The place of a whole bucket; without a text the default one. */
export async function resolveBucket(text: string | undefined, options: PlaceOptions): Promise<ResolvedBucketPlace> {
  if (text === undefined) return { kind: 'bucket', address: await findDefaultBucket(options) };
  const place = await resolveBucketPlace(text, options);
  if (place.repository === undefined) return place;
  throw new RegistryError('reference-invalid', `Cannot use ${JSON.stringify(text)} here: wanted a bucket, found a repository in one`, {
    hint: 'Buckets look like "s3://my-bucket" or "file:./bucket".',
  });
}

async function findDefaultBucket({ bucket, environment }: PlaceOptions): Promise<ResolvedBucketPlace['address']> {
  const text = bucket ?? (await readConfiguration(environment)).bucket ?? embeddedBucket;
  const place = parsePlace(text);
  if (place.kind === 'bucket' && place.repository === undefined && place.address.kind !== 'default') return place.address;
  throw new RegistryError('reference-invalid', `Cannot use ${JSON.stringify(text)} as the default bucket: wanted the place of a bucket`, {
    hint: 'Buckets look like "s3://my-bucket" or "file:./bucket".',
  });
}
