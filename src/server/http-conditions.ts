import type { ObjectInfo } from '../bucket/bucket.ts';

/** What the conditions of a GET or HEAD come to, in the order of RFC 9110, 13.2.2. */
export type ConditionOutcome = 'proceed' | 'not-modified' | 'precondition-failed';

/** Whether any header here makes the answer depend on the version that is there. */
export function hasConditions(headers: Headers): boolean {
  return ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'].some((name) => headers.has(name));
}

/** Holds the conditions of a request against an object. */
export function checkConditions(headers: Headers, info: Pick<ObjectInfo, 'etag' | 'lastModified'>): ConditionOutcome {
  const [ifMatch, ifNoneMatch] = [headers.get('if-match'), headers.get('if-none-match')];
  if (ifMatch !== null) {
    if (!listsETag(ifMatch, info.etag)) return 'precondition-failed';
  } else if (isAfter(info.lastModified, headers.get('if-unmodified-since')) === true) {
    return 'precondition-failed';
  }
  if (ifNoneMatch !== null) return listsETag(ifNoneMatch, info.etag) ? 'not-modified' : 'proceed';
  return isAfter(info.lastModified, headers.get('if-modified-since')) === false ? 'not-modified' : 'proceed';
}

/** Whether a `Range` header counts: not where `If-Range` names another version. */
export function isRangeWanted(headers: Headers, info: Pick<ObjectInfo, 'etag' | 'lastModified'>): boolean {
  const ifRange = headers.get('if-range');
  if (ifRange === null) return true;
  return ifRange.includes('"') ? ifRange === info.etag : isAfter(info.lastModified, ifRange) === false;
}

/** Compares as `If-None-Match` does, weakly: stores' ETags are strong, what proxies made of them may not be. */
function listsETag(list: string, etag: string): boolean {
  if (list.trim() === '*') return true;
  const listed = [...list.matchAll(/(?:W\/)?("[^"]*")/g)].map((match) => match[1]);
  return listed.includes(etag);
}

/** Whether an object is younger than an HTTP date, which knows only whole seconds; undefined where there is no such date. */
function isAfter(lastModified: Date, httpDate: string | null): boolean | undefined {
  const date = httpDate === null ? Number.NaN : Date.parse(httpDate);
  return Number.isNaN(date) ? undefined : Math.floor(lastModified.getTime() / 1000) > Math.floor(date / 1000);
}
