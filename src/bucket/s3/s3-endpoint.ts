import { BucketError } from '../../errors/bucket-error.ts';
import { encodeKey, formatQuery } from './s3-uri.ts';

/** Where a bucket is. */
export interface S3Place {
  /** How it is called in results and errors; `s3` if left out. */
  readonly scheme?: 's3' | 'r2' | undefined;
  readonly bucket: string;
  /** The region that requests are signed for: `us-east-1`, or `auto` for R2. */
  readonly region: string;
  /** A store's own URL, with or without a path; AWS's for the region if left out. */
  readonly endpoint?: URL | string | undefined;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`; decided by the endpoint and the bucket's name if left out. */
  readonly pathStyle?: boolean | undefined;
}

/** How a bucket's URLs begin. */
export interface S3Endpoint {
  readonly isTls: boolean;
  /** Whether the region decides the host. */
  readonly isAws: boolean;
  readonly isPathStyle: boolean;
  /**
   * The URL of the bucket, or of a key in it.
   * @throws BucketError `key-invalid` for a key that a URL cannot hold: with a segment `.` or `..`
   */
  url(key?: string, query?: Readonly<Record<string, string>>): URL;
}

/** What AWS allows now, what it allowed once (capitals, underscores), and nothing that could break out of a URL. */
const bucketGrammar = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;
const hostGrammar = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/**
 * Decides host and style. Path style where a host name cannot hold the bucket's: under an IP address or localhost, for names that are no host names, and over TLS for names with dots,
 * which no wildcard certificate covers.
 * @throws BucketError `location-invalid`
 */
export function resolveS3Endpoint({ bucket, region, endpoint, pathStyle }: S3Place): S3Endpoint {
  if (!bucketGrammar.test(bucket)) {
    throw new BucketError(
      'location-invalid',
      `Cannot use ${JSON.stringify(bucket)} as the name of a bucket: wanted 3 or more letters, digits, ".", "-"`,
    );
  }
  const base = endpoint === undefined ? awsEndpoint(region) : parseEndpoint(endpoint);
  const isTls = base.protocol === 'https:';
  const isPathStyle = pathStyle ?? (needsPathStyle(base.hostname) || !hostGrammar.test(bucket) || (isTls && bucket.includes('.')));
  const root = new URL(base);
  if (!isPathStyle) root.host = `${bucket}.${base.host}`;
  const basePath = base.pathname.replace(/\/+$/, '') + (isPathStyle ? `/${bucket}` : '');
  return {
    isTls,
    isAws: endpoint === undefined,
    isPathStyle,
    url(key, query = {}) {
      const path = key === undefined ? basePath || '/' : `${basePath}/${encodeKey(key)}`;
      const url = new URL(root);
      url.pathname = path;
      if (url.pathname !== path) {
        throw new BucketError('key-invalid', `Cannot ask for ${JSON.stringify(key)}: a URL cannot hold segments "." or ".."`);
      }
      url.search = formatQuery(query);
      return url;
    },
  };
}

function awsEndpoint(region: string): URL {
  if (!/^[a-z0-9-]+$/.test(region)) {
    throw new BucketError('location-invalid', `Cannot use ${JSON.stringify(region)} as an AWS region: wanted one such as "eu-central-1"`);
  }
  return new URL(`https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`);
}

function parseEndpoint(endpoint: URL | string): URL {
  const url = URL.parse(endpoint);
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  if (!url || !isWeb || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    const shown = url ? url.origin : String(endpoint).slice(0, 100);
    throw new BucketError(
      'location-invalid',
      `Cannot use "${shown}" as an endpoint: wanted http(s)://HOST[:PORT][/PATH] without a user or a query`,
    );
  }
  return url;
}

/** Hosts below which there are no names of ours. */
function needsPathStyle(hostname: string): boolean {
  return hostname === 'localhost' || hostname.startsWith('[') || /^\d+(\.\d+){3}$/.test(hostname);
}
