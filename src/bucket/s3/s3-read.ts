import { BucketError } from '../../errors/bucket-error.ts';
import { hasCode } from '../../errors/coded-error.ts';
import { discardBody } from '../../http/discard-body.ts';
import type { HttpResponse } from '../../http/http-client.ts';
import type { ByteStream } from '../../streams/byte-source.ts';
import type { GetOptions, ObjectContent, ObjectInfo, RequestOptions } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import type { S3Client } from './s3-client.ts';
import { readContentLength, readObjectInfo } from './s3-object-headers.ts';

/** The part of an object that an answer's body gives. */
interface Extent {
  readonly start: number;
  readonly contentLength: number;
  readonly size: number;
}

/** GetObject, as `Bucket.get` promises it. */
export async function getObject(client: S3Client, key: ObjectKey, options: GetOptions = {}): Promise<ObjectContent | undefined> {
  const { range, ifMatch, mayReuse, signal } = options;
  const action = `read "${key}"`;
  if (range?.end !== undefined && range.end <= range.start) {
    throw new BucketError('range-invalid', `Cannot ${action}: no byte lies from ${range.start} to before ${range.end}`);
  }
  const headers = {
    ...(range && { range: `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}` }),
    ...(ifMatch !== undefined && { 'if-match': ifMatch }),
  };
  const response = await missingAsUndefined(client.send({ action, method: 'GET', key, headers, mayReuse, signal }));
  if (response === undefined) return undefined;
  try {
    const { start, contentLength, size } = readExtent(response, range, action);
    const info = readObjectInfo(response.headers, key, size);
    return { ...info, start, contentLength, body: checkLength(response.body, contentLength, action) };
  } catch (error) {
    await discardBody(response);
    throw error;
  }
}

/** HeadObject, as `Bucket.head` promises it. Its 404 has no body that could tell a missing bucket from a missing key. */
export async function headObject(client: S3Client, key: ObjectKey, { signal }: RequestOptions = {}): Promise<ObjectInfo | undefined> {
  const action = `look at "${key}"`;
  const headers = await missingAsUndefined(client.sendForHeaders({ action, method: 'HEAD', key, signal }));
  return headers && readObjectInfo(headers, key, readContentLength(headers, action));
}

async function missingAsUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (hasCode(error, 'object-missing')) return undefined;
    throw error;
  }
}

/** What of the object was sent: all of it, where the store ignored the range. */
function readExtent({ status, headers }: HttpResponse, range: GetOptions['range'], action: string): Extent {
  const contentLength = readContentLength(headers, action);
  if (status === 200) return { start: 0, contentLength, size: contentLength };
  const contentRange = headers['content-range'] ?? '';
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(contentRange) ?? [];
  const [start, end, size] = [Number(first), Number(last) + 1, Number(total)];
  const isAsked = status === 206 && start === range?.start && end === Math.min(range.end ?? size, size) && end - start === contentLength;
  if (isAsked) return { start, contentLength, size };
  const asked = range ? `bytes ${range.start}-${range.end === undefined ? '' : range.end - 1}` : 'the whole';
  const found = `status ${status}, ${contentLength} bytes, range ${JSON.stringify(contentRange)}`;
  throw new BucketError('response-invalid', `Cannot ${action}: the store answered ${found}, asked was ${asked}`);
}

/** Holds a body to its length. Leaving it, begun or not, leaves the body behind it. */
function checkLength(body: ByteStream, contentLength: number, action: string): ByteStream {
  return {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
      const chunks = body[Symbol.asyncIterator]();
      let received = 0;
      const fail = (found: string): BucketError =>
        new BucketError('response-invalid', `Cannot ${action}: ${found} of ${contentLength} bytes received`);
      return {
        async next() {
          const result = await chunks.next();
          if (result.done) {
            if (received < contentLength) throw fail(String(received));
            return result;
          }
          received += result.value.byteLength;
          if (received <= contentLength) return result;
          await chunks.return?.();
          throw fail('more');
        },
        async return() {
          await chunks.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
