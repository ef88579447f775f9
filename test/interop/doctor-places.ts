import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { ensureBucketFormat } from '../../src/registry/bucket-format.ts';
import { answerStatic } from '../../src/server/static-answerer.ts';
import { serveFetch } from '../../src/server/node-server.node.ts';
import type { OpenPlace } from './place.ts';
import { pushImages } from './push-images.ts';

/** How a host answers: what it is asked, and the answer of a bucket that is as it should be (`missing` says how it answers for a key that is not there). */
type Manner = (request: Request, bucket: BucketAnswers, otherOrigin: string) => Promise<Response>;
type BucketAnswers = (request: Request, missing?: 404 | 403) => Promise<Response>;

/** Hosts that differ from a good bucket in one thing each, and the good ones. */
const MANNERS: Readonly<Record<string, Manner>> = {
  good: (request, bucket) => bucket(request),
  'with the digest header': async (request, bucket) => {
    const response = await bucket(request);
    const digest = response.headers.get('x-amz-meta-docker-content-digest');
    return withHeaders(response, digest === null ? {} : { 'docker-content-digest': digest });
  },
  'a 403 for missing keys': (request, bucket) => bucket(request, 403),
  'no referrers, and a 403 for missing keys': async (request, bucket) => (isReferrers(request) ? status(403) : bucket(request, 403)),
  'no referrers, and a 404': async (request, bucket) => (isReferrers(request) ? status(404) : bucket(request)),
  'no v2/': async (request, bucket) => (isRoot(request) ? status(404) : bucket(request)),
  'a 403 for v2/': async (request, bucket) => (isRoot(request) ? status(403) : bucket(request)),
  'manifests as octet-stream': async (request, bucket) => retype(request, await bucket(request), 'application/octet-stream'),
  'manifests as JSON': async (request, bucket) => retype(request, await bucket(request), 'application/json'),
  'manifests without a type': async (request, bucket) => retype(request, await bucket(request), undefined),
  'gzip by a proxy': async (request, bucket) => compress(request, await bucket(request)),
  'gzip said of layers that are gzip': async (request, bucket) =>
    isBlob(request) ? withHeaders(await bucket(request), { 'content-encoding': 'gzip' }) : bucket(request),
  'path style': async (request, bucket) => {
    const url = new URL(request.url);
    if (!url.pathname.startsWith('/pub/')) return status(404);
    return bucket(new Request(new URL(url.pathname.slice('/pub'.length), url), request));
  },
  'no HEAD': async (request, bucket) => (request.method === 'HEAD' ? status(403) : bucket(request)),
  'no ranges': async (request, bucket) => {
    const headers = new Headers(request.headers);
    headers.delete('range');
    return bucket(new Request(request.url, { method: request.method, headers, signal: request.signal }));
  },
  'manifests by tag only': async (request, bucket) => (/\/manifests\/sha256:/.test(decode(request)) ? status(404) : bucket(request)),
  'no blobs': async (request, bucket) => (isBlob(request) ? status(403) : bucket(request)),
  'a wrong byte in each blob': async (request, bucket) => (isBlob(request) ? corrupt(await bucket(request)) : bucket(request)),
  'a wrong byte in each manifest by digest': async (request, bucket) =>
    /\/manifests\/sha256:/.test(decode(request)) ? corrupt(await bucket(request)) : bucket(request),
  'blobs without a length': async (request, bucket) => {
    const response = await bucket(request);
    if (isBlob(request)) response.headers.delete('content-length');
    return response;
  },
  'a redirect of blobs to the same host': async (request, bucket) => {
    const url = new URL(request.url);
    if (!isBlob(request) || url.searchParams.has('signed')) return bucket(request);
    url.searchParams.set('signed', '1');
    return new Response(null, { status: 307, headers: { location: url.href } });
  },
  'a redirect of blobs to another private address': async (request, bucket, otherOrigin) => {
    if (!isBlob(request)) return bucket(request);
    return new Response(null, { status: 307, headers: { location: `${otherOrigin}${new URL(request.url).pathname}` } });
  },
  'too many requests': async () => new Response(null, { status: 429, headers: { 'retry-after': '1' } }),
};

export const DOCTOR_PLACE_NAMES: readonly string[] = Object.keys(MANNERS);

/** A host that answers so, before a bucket with images of its own. Names stand for the columns of the matrix, which are the places' own. */
export async function openDoctorPlace(name: string): Promise<OpenPlace> {
  const bucket = createMemoryBucket();
  await ensureBucketFormat(bucket, systemClock);
  const pushed = await pushImages(bucket, 'static', name);
  const manner = MANNERS[name];
  if (!manner) throw new Error(`No host answers "${name}"`);
  const answer: BucketAnswers = (request, missing = 404) => answerStatic(bucket, request, { missing });
  const other = await serveFetch((request) => answer(request), { host: '127.0.0.2', port: 0 });
  const server = await serveFetch((request) => manner(request, answer, other.url), { host: '127.0.0.1', port: 0 });
  return {
    ...pushed,
    host: new URL(server.url).host,
    close: async () => void (await Promise.all([server.close(), other.close()])),
  };
}

function decode(request: Request): string {
  return decodeURIComponent(new URL(request.url).pathname);
}

const isRoot = (request: Request): boolean => /^\/v2\/?$/.test(decode(request));
const isBlob = (request: Request): boolean => decode(request).includes('/blobs/');
const isManifest = (request: Request): boolean => decode(request).includes('/manifests/');
const isReferrers = (request: Request): boolean => /\/referrers\/|\/manifests\/sha256-/.test(decode(request));

function status(code: number): Response {
  return new Response(null, { status: code, headers: { 'content-length': '0' } });
}

function withHeaders(response: Response, more: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(more)) response.headers.set(name, value);
  return response;
}

function retype(request: Request, response: Response, type: string | undefined): Response {
  if (!isManifest(request) || response.status !== 200) return response;
  if (type === undefined) response.headers.delete('content-type');
  else response.headers.set('content-type', type);
  return response;
}

/** As nginx with `gzip on; gzip_types *` does, whoever asks for it. */
function compress(request: Request, response: Response): Response {
  const wanted = /gzip/.test(request.headers.get('accept-encoding') ?? '') && response.status === 200;
  if (!wanted) return response;
  const headers = new Headers(response.headers);
  headers.set('content-encoding', 'gzip');
  headers.delete('content-length');
  const body = request.method === 'HEAD' ? null : (response.body?.pipeThrough(new CompressionStream('gzip')) ?? null);
  return new Response(body, { status: response.status, headers });
}

async function corrupt(response: Response): Promise<Response> {
  if (response.status !== 200 || response.body === null) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  return new Response(bytes, { status: 200, headers: response.headers });
}
