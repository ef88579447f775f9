import type { Bucket, ObjectContent, ObjectInfo } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { toPublicKey } from '../layout/public-key.ts';
import { checkConditions, hasConditions, isRangeWanted } from './http-conditions.ts';
import { type HttpRange, parseHttpRange } from './http-range.ts';
import { createStoreErrorResponse, nameStoreError } from './store-error-response.ts';
import { streamBody } from './stream-body.ts';

export interface StaticAnswererOptions {
  /** What a missing key answers: 404, or 403 as S3 does to who may not list. */
  readonly missing: 404 | 403;
  /** Told of what the bucket failed with: the client hears no more than a status. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

/**
 * Answers as the public address of a bucket would, with no registry logic: the key is the decoded path, of which only what lies below `v2/` is served; queries are ignored;
 * stored headers, `Range` and conditions are honoured; bodies are streamed and never redirected. A failure within the body breaks the connection.
 */
export async function answerStatic(bucket: Bucket, request: Request, options: StaticAnswererOptions): Promise<Response> {
  const { method, signal } = request;
  if (method !== 'GET' && method !== 'HEAD') return createStoreErrorResponse(method, 'MethodNotAllowed', undefined, { allow: 'GET, HEAD' });
  const path = decodePath(request.url);
  if (path === undefined) return createStoreErrorResponse(method, 'InvalidURI', undefined);
  const key = toPublicKey(path);
  try {
    const response = key && (method === 'HEAD' ? await answerHead(bucket, key, request) : await answerGet(bucket, key, request));
    return response ?? createStoreErrorResponse(method, options.missing === 404 ? 'NoSuchKey' : 'AccessDenied', path);
  } catch (error) {
    if (signal.aborted) throw error;
    options.onFailure?.(error);
    return createStoreErrorResponse(method, nameStoreError(error), key);
  }
}

/** The key that a URL's path names, percent-decoded and without its first `/`; undefined where it is no UTF-8. */
export function decodePath(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url).pathname.slice(1));
  } catch {
    return undefined;
  }
}

async function answerHead(bucket: Bucket, key: ObjectKey, request: Request): Promise<Response | undefined> {
  const info = await bucket.head(key, { signal: request.signal });
  if (!info) return undefined;
  return answerConditions(request, key, info) ?? new Response(null, { status: 200, headers: describeObject(info, info.size) });
}

/** Looks at an object before it is read by its ETag, so that conditions and ranges are of the version that is sent. Some stores' HEAD and GET never agree on one: no endless looking. */
const maxLooks = 3;

async function answerGet(bucket: Bucket, key: ObjectKey, request: Request, look = 1): Promise<Response | undefined> {
  const { headers, signal } = request;
  if (!headers.has('range') && !hasConditions(headers)) {
    const content = await bucket.get(key, { signal });
    return content && answerContent(content);
  }
  const info = await bucket.head(key, { signal });
  if (!info) return undefined;
  const refused = answerConditions(request, key, info);
  if (refused) return refused;
  const range = isRangeWanted(headers, info) ? parseHttpRange(headers.get('range') ?? undefined, info.size) : undefined;
  if (range === 'unsatisfiable') {
    return createStoreErrorResponse(request.method, 'InvalidRange', key, { 'content-range': `bytes */${info.size}` });
  }
  try {
    const content = await bucket.get(key, { ...(range && { range }), ifMatch: info.etag, signal });
    return content && answerContent(content, range);
  } catch (error) {
    if (!hasCode(error, 'precondition-failed')) throw error;
    // Replaced since it was looked at: look again.
    if (look < maxLooks) return answerGet(bucket, key, request, look + 1);
    throw new BucketError('response-invalid', `Cannot read "${key}": it was another version at each of ${maxLooks} looks`, {
      cause: error,
    });
  }
}

function answerConditions(request: Request, key: ObjectKey, info: ObjectInfo): Response | undefined {
  const outcome = checkConditions(request.headers, info);
  if (outcome === 'proceed') return undefined;
  if (outcome === 'precondition-failed') return createStoreErrorResponse(request.method, 'PreconditionFailed', key);
  const headers = describeObject(info, 0);
  headers.delete('content-length');
  return new Response(null, { status: 304, headers });
}

/** A range is answered as one also where it is the whole (`bytes=0-`), as stores do; not where the store behind ignored it. */
function answerContent(content: ObjectContent, range?: HttpRange): Response {
  const { start, contentLength, size, body } = content;
  const headers = describeObject(content, contentLength);
  const isPart = range !== undefined && start === range.start && start + contentLength === range.end;
  if (isPart) headers.set('content-range', `bytes ${start}-${range.end - 1}/${size}`);
  return new Response(streamBody(body), { status: isPart ? 206 : 200, headers });
}

/** The headers that a store sends with an object. */
function describeObject(info: ObjectInfo, contentLength: number): Headers {
  const headers = new Headers({
    'accept-ranges': 'bytes',
    'content-length': String(contentLength),
    // What S3 assumes of an object that was put without a type.
    'content-type': info.contentType ?? 'binary/octet-stream',
    etag: info.etag,
    'last-modified': info.lastModified.toUTCString(),
  });
  if (info.cacheControl !== undefined) headers.set('cache-control', info.cacheControl);
  for (const [name, value] of Object.entries(info.metadata)) headers.set(`x-amz-meta-${name}`, value);
  return headers;
}
