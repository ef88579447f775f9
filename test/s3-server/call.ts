import { S3Error } from './errors.ts';
import type { Operation } from './operations.ts';
import type { Personality } from './personalities.ts';
import type { S3Request } from './request.ts';
import type { Credentials } from './signature.ts';
import type { Bucket, Store } from './store.ts';

/** What all requests of a server share. */
export interface Service {
  readonly store: Store;
  readonly personality: Personality;
  readonly region: string;
  readonly now: () => number;
  /** Whether new buckets start with a public access block, as Amazon's do. */
  readonly blocksPublicAccess: boolean;
}

/** A request that has been authenticated, its body still on the way. */
export interface CallHead {
  readonly service: Service;
  readonly request: S3Request;
  readonly operation: Operation;
  /** Who asks; `undefined` for an anonymous request. */
  readonly caller: Credentials | undefined;
  /** The store's tick at which the request's head came. */
  readonly arrivedAt: number;
}

/** A request that has been read whole, its body held against what was promised of it. */
export interface Call extends CallHead {
  readonly body: Buffer;
}

/** An answer to be sent. A HEAD request and a 304 get all of it but the body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** The bucket that a call is about; `NoSuchBucket` where there is none. */
export function bucketOf({ service, request }: CallHead): Bucket {
  return service.store.get(request.bucketName ?? '');
}

/** The key that a call is about, which its route guarantees. */
export function keyOf({ request }: CallHead): string {
  if (request.key === undefined) throw new S3Error('InvalidURI', 'The request names no key');
  return request.key;
}

/** A 200 with an XML document. */
export function answerXml(body: Buffer, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml', ...headers }, body };
}
