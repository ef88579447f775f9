import { BucketError } from '../../errors/bucket-error.ts';
import type { HttpResponse } from '../../http/http-client.ts';
import { readHttpDateMs } from '../../http/retry-after.ts';
import type { ETag, ObjectHeaders, ObjectInfo, WriteCondition } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';

type Headers = HttpResponse['headers'];

const metadataPrefix = 'x-amz-meta-';

/** The headers that a put, a copy or the creation of an upload stores with the object. */
export function formatObjectHeaders({ contentType, cacheControl, metadata = {} }: ObjectHeaders): Record<string, string> {
  return {
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [metadataPrefix + name, value])),
  };
}

/** The headers of a conditional write. */
export function formatCondition({ ifMatch, ifNoneMatch }: WriteCondition): Record<string, string> {
  return {
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
  };
}

/**
 * What the headers of a GET or HEAD say of an object.
 * @param size of the whole object, as the caller read it from the length or the range
 * @throws BucketError `response-invalid`
 */
export function readObjectInfo(headers: Headers, key: ObjectKey, size: number): ObjectInfo {
  const lastModifiedMs = readHttpDateMs(headers['last-modified']);
  if (lastModifiedMs === undefined)
    throw new BucketError('response-invalid', `Cannot read "${key}": the answer has no date of its last change`);
  const metadata = Object.entries(headers)
    .filter(([name]) => name.startsWith(metadataPrefix))
    .map(([name, value]) => [name.slice(metadataPrefix.length), value]);
  return {
    key,
    size,
    etag: readEtag(headers, `read "${key}"`),
    lastModified: new Date(lastModifiedMs),
    contentType: headers['content-type'],
    cacheControl: headers['cache-control'],
    metadata: Object.fromEntries(metadata),
  };
}

/** @throws BucketError `response-invalid` where there is none */
export function readEtag(headers: Headers, action: string): ETag {
  const { etag } = headers;
  if (!etag) throw new BucketError('response-invalid', `Cannot ${action}: the answer has no ETag`);
  return etag;
}

/** @throws BucketError `response-invalid` where there is none, or no number */
export function readContentLength(headers: Headers, action: string): number {
  const { 'content-length': length = '' } = headers;
  if (!/^\d{1,15}$/.test(length))
    throw new BucketError('response-invalid', `Cannot ${action}: the answer's length is ${JSON.stringify(length)}`);
  return Number(length);
}
