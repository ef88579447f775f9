import { createMissingKeyError, isAllowed } from './access.ts';
import { answerXml, bucketOf, keyOf, type Answer, type Call } from './call.ts';
import { computeChecksum, formatChecksumHeaders, verifyChecksum } from './checksums.ts';
import { commitObject, formatEtag, keepHeaders } from './commit.ts';
import { checkReadConditions, checkWriteConditions } from './conditions.ts';
import { S3Error } from './errors.ts';
import type { StoredObject } from './store.ts';
import { childrenOf, element, formatDocument, parseDocument, textOf } from './xml.ts';

export function putObject(call: Call): Answer {
  const { request, body } = call;
  const checksum = verifyChecksum(request.headers, body);
  const { etag } = commitObject(call, { bytes: body, etag: formatEtag(call, body), headers: keepHeaders(request.headers), checksum });
  return { status: 200, headers: { etag, ...formatChecksumHeaders(checksum) } };
}

/** `undefined` for the whole object: no range, several of them, or one whose form is wrong, which S3 ignores. */
function parseRange(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(text ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (start < end) return { start, end };
  throw new S3Error('InvalidRange', undefined, {
    elements: { RangeRequested: text ?? '', ActualObjectSize: size },
    headers: { 'content-range': `bytes */${size}` },
  });
}

/** `response-content-type=` and its like, which only a signed request may use. */
function findOverrides({ request, caller }: Call): Record<string, string> {
  const names = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'content-type', 'expires'];
  const entries = names.flatMap((name) => {
    const value = request.query.get(`response-${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (entries.length > 0 && !caller) {
    throw new S3Error('InvalidRequest', 'Request specific response headers cannot be used for anonymous GET requests.');
  }
  return Object.fromEntries(entries);
}

/** S3 computes a CRC-64 for objects that came without a checksum; here only when someone asks. */
function formatStoredChecksum({ headers }: Call['request'], object: StoredObject): Record<string, string> {
  if (headers['x-amz-checksum-mode']?.toUpperCase() !== 'ENABLED') return {};
  return formatChecksumHeaders(object.checksum ?? computeChecksum('CRC64NVME', object.bytes));
}

/** GetObject and HeadObject. */
export function readObject(call: Call): Answer {
  const [bucket, key, { request }] = [bucketOf(call), keyOf(call), call];
  const object = bucket.get(key);
  if (!object) throw createMissingKeyError(call, bucket, key);
  const headers: Record<string, string> = {
    ...object.headers,
    etag: object.etag,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...findOverrides(call),
  };
  if (checkReadConditions(request.headers, object) === 'unmodified') return { status: 304, headers };
  const ifRange = request.headers['if-range'];
  const wantsRange = ifRange === undefined || ifRange === object.etag;
  const range = wantsRange ? parseRange(request.headers['range'], object.bytes.length) : undefined;
  if (!range) return { status: 200, headers: { ...headers, ...formatStoredChecksum(request, object) }, body: object.bytes };
  const contentRange = `bytes ${range.start}-${range.end - 1}/${object.bytes.length}`;
  const body = object.bytes.subarray(range.start, range.end);
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body };
}

export function deleteObject(call: Call): Answer {
  checkWriteConditions(call);
  bucketOf(call).delete(keyOf(call), call.service.now(), call.service.store.nextTick());
  return { status: 204, headers: {} };
}

/** At most 1,000 keys; a missing one counts as deleted, and each forbidden one is an error of its own. */
export function deleteObjects(call: Call): Answer {
  const [bucket, { service }] = [bucketOf(call), call];
  const root = parseDocument(call.body, 'Delete');
  const objects = childrenOf(root, 'Object');
  const conditions = objects.flatMap((object) => ['ETag', 'Size', 'LastModifiedTime'].filter((name) => textOf(object, name)));
  if (conditions.length > 0) throw new S3Error('NotImplemented', `<${conditions[0]}> is not implemented`);
  const keys = objects.map((object) => childrenOf(object, 'Key')[0]?.text ?? '');
  if (keys.length === 0 || keys.length > 1000 || keys.includes('')) throw new S3Error('MalformedXML');
  const isQuiet = textOf(root, 'Quiet') === 'true';
  const results = keys.map((key) => {
    if (!isAllowed(call, 's3:DeleteObject', bucket, key)) {
      return element('Error', element('Key', key), element('Code', 'AccessDenied'), element('Message', 'Access Denied'));
    }
    bucket.delete(key, service.now(), service.store.nextTick());
    return isQuiet ? undefined : element('Deleted', element('Key', key));
  });
  return answerXml(formatDocument('DeleteResult', ...results));
}
