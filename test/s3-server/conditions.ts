import { bucketOf, keyOf, type Call, type CallHead } from './call.ts';
import { S3Error } from './errors.ts';
import { CONDITIONAL_WRITES } from './operations.ts';
import type { StoredObject } from './store.ts';

type Headers = Readonly<Record<string, string>>;

function refusal(condition: string): S3Error {
  return new S3Error('PreconditionFailed', undefined, { elements: { Condition: condition } });
}

/** Whether a list such as `"a", W/"b"` or `*` names an entity tag. Quotes may be missing, as S3 tolerates. */
function namesEtag(list: string, etag: string): boolean {
  const tags = list.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.some((tag) => tag === '*' || tag.replaceAll('"', '') === etag.replaceAll('"', ''));
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000) * 1000;
}

/** The conditions of a read (RFC 9110 section 13.2.2): `unmodified` means 304. `PreconditionFailed` is thrown. */
export function checkReadConditions(headers: Headers, object: StoredObject, prefix = ''): 'read' | 'unmodified' {
  const [ifMatch, ifNoneMatch] = [headers[`${prefix}if-match`], headers[`${prefix}if-none-match`]];
  const dateOf = (name: string): number => Date.parse(headers[`${prefix}${name}`] ?? '');
  const modified = wholeSeconds(object.modifiedMs);
  if (ifMatch !== undefined) {
    if (!namesEtag(ifMatch, object.etag)) throw refusal('If-Match');
  } else if (modified > dateOf('if-unmodified-since')) throw refusal('If-Unmodified-Since');
  if (ifNoneMatch !== undefined) return namesEtag(ifNoneMatch, object.etag) ? 'unmodified' : 'read';
  return modified <= dateOf('if-modified-since') ? 'unmodified' : 'read';
}

/** The conditions on the source of a copy, where nothing is answered with 304. */
export function checkCopySourceConditions(headers: Headers, source: StoredObject): void {
  if (checkReadConditions(headers, source, 'x-amz-copy-source-') === 'read') return;
  throw refusal('x-amz-copy-source-If-None-Match');
}

/** Refuses conditions before the body is read: where the store has none, or where their form is wrong. */
export function checkConditionForm({ service, request, operation }: CallHead): void {
  const [ifMatch, ifNoneMatch] = [request.headers['if-match'], request.headers['if-none-match']];
  if (!CONDITIONAL_WRITES.includes(operation) || (ifMatch ?? ifNoneMatch) === undefined) return;
  const { conditionalWrites } = service.personality;
  if (conditionalWrites === 'ignored') return;
  if (conditionalWrites === 'refused') throw new S3Error('NotImplemented', 'Conditional writes are not implemented');
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    throw new S3Error('NotImplemented', 'If-Match and If-None-Match cannot be used together');
  }
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error('NotImplemented', `If-None-Match is "${ifNoneMatch}", wanted "*"`);
  }
}

/**
 * The conditions of a write, to be called in one breath with the write itself.
 *
 * If-None-Match finds an object: 412. It finds none, but one was deleted while this request was on its way: 409, since
 * the request may have come before the deletion or after it. If-Match finds no object: 404; another one: 412.
 */
export function checkWriteConditions(call: Call): void {
  if (call.service.personality.conditionalWrites !== 'obeyed') return;
  const [bucket, key, { headers }] = [bucketOf(call), keyOf(call), call.request];
  const current = bucket.get(key);
  if (headers['if-none-match'] !== undefined) {
    if (current) throw refusal('If-None-Match');
    if (bucket.wasDeletedSince(key, call.arrivedAt)) {
      throw new S3Error('ConditionalRequestConflict', undefined, { elements: { Condition: 'If-None-Match', Key: key } });
    }
  }
  const ifMatch = headers['if-match'];
  if (ifMatch === undefined) return;
  if (!current && call.operation === 'DeleteObject' && ifMatch === '*') throw refusal('If-Match');
  if (!current) throw new S3Error('NoSuchKey', undefined, { elements: { Key: key } });
  if (!namesEtag(ifMatch, current.etag)) throw refusal('If-Match');
}
