import { resolveS3Endpoint, type S3Place } from '../bucket/s3/s3-endpoint.ts';
import { quoteWord } from './quote-word.ts';

/** How an image that lies in a bucket is pulled by any client. */
export interface PullLine {
  readonly command: string;
  /** What must run for it, where the bucket has no address of its own that clients can read. */
  readonly serve?: string | undefined;
}

/** What is known of a bucket's addresses. */
export interface PullAddress {
  /** The bucket as a place, for `serve`. */
  readonly bucket: string;
  /** What `init --public-url` recorded. */
  readonly publicUrl?: string | undefined;
  readonly s3?: S3Place | undefined;
  /** A URL of the bucket's as the store has corrected it: it knows the region better than the settings do. */
  readonly storeUrl?: URL | undefined;
  /** `NAME:TAG` or `NAME@DIGEST`. */
  readonly image: string;
}

/** Where `serve` listens in the lines that we print. */
export const defaultListen = '127.0.0.1:5000';

/** The very line that pulls an image: from the bucket's public URL, else from AWS's virtual host, else from `serve --static`. */
export function findPullLine({ bucket, publicUrl, s3, storeUrl, image }: PullAddress): PullLine {
  if (publicUrl !== undefined) return { command: `docker pull ${new URL(publicUrl).host}/${image}` };
  const host = s3 && virtualHost(s3, storeUrl);
  if (host !== undefined) return { command: `docker pull ${host}/${image}` };
  return {
    command: `docker pull ${defaultListen}/${image}`,
    serve: `bucketry serve ${quoteWord(bucket)} --static --listen ${defaultListen}`,
  };
}

/** A path-style URL is of no use to clients: they ask for `/v2/…` at a host's root. */
function virtualHost(place: S3Place, storeUrl: URL | undefined): string | undefined {
  const endpoint = resolveS3Endpoint(place);
  return endpoint.isAws && !endpoint.isPathStyle ? (storeUrl ?? endpoint.url()).host : undefined;
}
