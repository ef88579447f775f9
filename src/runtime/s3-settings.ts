import { BucketError } from '../errors/bucket-error.ts';
import type { S3Credentials } from '../bucket/s3/credentials-provider.ts';
import type { S3Place } from '../bucket/s3/s3-endpoint.ts';
import type { BucketAddress } from '../transports/bucket-address.ts';

/** A bucket of a store that speaks S3. */
export type StoreAddress = Extract<BucketAddress, { readonly bucket: string }>;
type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach an S3 or R2 bucket. */
export interface S3Settings {
  readonly place: S3Place;
  /** Keys of the environment that go before AWS's default chain. */
  readonly keys?: S3Credentials | undefined;
}

/** What a profile of AWS's configuration says of the place of buckets. */
export interface AwsProfile {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

/**
 * What a place leaves open, from the environment, then from the profile. Variables that are set but empty count as not set.
 * @throws BucketError `location-invalid` for an R2 bucket of which the account is not known
 */
export function findS3Settings(address: StoreAddress, environment: Environment, profile: AwsProfile = {}): S3Settings {
  const read = (...names: readonly string[]): string | undefined => names.map((name) => environment[name]).find((value) => value);
  const { kind, bucket, region, endpoint, pathStyle } = address;
  if (kind === 's3') {
    return {
      place: {
        bucket,
        region: region ?? read('AWS_REGION', 'AWS_DEFAULT_REGION') ?? profile.region ?? 'us-east-1',
        endpoint: endpoint ?? read('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL') ?? profile.endpoint,
        pathStyle,
      },
    };
  }
  const [accessKeyId, secretAccessKey] = [read('R2_ACCESS_KEY_ID'), read('R2_SECRET_ACCESS_KEY')];
  return {
    place: {
      scheme: 'r2',
      bucket,
      region: region ?? 'auto',
      endpoint: endpoint ?? r2Endpoint(read('R2_ACCOUNT_ID', 'CLOUDFLARE_ACCOUNT_ID')),
      pathStyle,
    },
    keys: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
  };
}

function r2Endpoint(account: string | undefined): string {
  if (account !== undefined && /^[0-9a-zA-Z-]+$/.test(account)) return `https://${account}.r2.cloudflarestorage.com`;
  throw new BucketError('location-invalid', 'Cannot find the R2 bucket: its account is not known', {
    hint: "Set R2_ACCOUNT_ID to the account's id, as the address bar of the dashboard shows it.",
  });
}
