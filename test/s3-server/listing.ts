import { answerXml, bucketOf, type Answer, type Call } from './call.ts';
import { S3Error } from './errors.ts';
import type { Personality } from './personalities.ts';
import { parseCount } from './request.ts';
import type { StoredObject } from './store.ts';
import { element, formatDocument, optionalElement, type Markup } from './xml.ts';

export interface PageRequest<Entry> {
  /** In the order of the listing, and already past what earlier pages told. */
  readonly entries: readonly Entry[];
  readonly keyOf: (entry: Entry) => string;
  readonly prefix: string;
  readonly delimiter: string;
  /** A common prefix that an earlier page told. */
  readonly toldPrefix: string | undefined;
  readonly maxCount: number;
}

export interface Page<Entry> {
  readonly entries: readonly Entry[];
  readonly prefixes: readonly string[];
  /** The last key or common prefix told, where more follow. */
  readonly last: string | undefined;
}

/** Sorts keys by their UTF-8 bytes; `slash-first` puts whatever is below a key right after it. */
export function compareKeys(a: string, b: string, order: Personality['listingOrder'] = 'utf-8'): number {
  const bytes = (key: string): Buffer => Buffer.from(order === 'utf-8' ? key : key.replaceAll('/', '\u0000'));
  return Buffer.compare(bytes(a), bytes(b));
}

/** Gathers keys below one delimiter into common prefixes, each of which counts as one entry. */
export function takePage<Entry>(request: PageRequest<Entry>): Page<Entry> {
  const { keyOf, prefix, delimiter, toldPrefix, maxCount } = request;
  const entries: Entry[] = [];
  const prefixes = new Set<string>();
  let last: string | undefined;
  for (const entry of request.entries) {
    const key = keyOf(entry);
    if (!key.startsWith(prefix) || (toldPrefix !== undefined && key.startsWith(toldPrefix))) continue;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end < 0 ? undefined : key.slice(0, end + delimiter.length);
    if (common !== undefined && prefixes.has(common)) continue;
    if (entries.length + prefixes.size === maxCount) return { entries, prefixes: [...prefixes], last };
    if (common === undefined) entries.push(entry);
    else prefixes.add(common);
    last = common ?? key;
  }
  return { entries, prefixes: [...prefixes], last: undefined };
}

/** How names stand in an answer: as `encoding-type=url` has it, S3 leaves slashes and writes a space as a plus. */
export function createNameEncoder({ query }: Call['request']): (name: string) => string {
  const encoding = query.get('encoding-type');
  if (encoding === undefined) return (name) => name;
  if (encoding !== 'url') throw new S3Error('InvalidArgument', 'Invalid Encoding Method specified in Request');
  const escape = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return (name) =>
    encodeURIComponent(name)
      .replaceAll('%2F', '/')
      .replaceAll('%20', '+')
      .replace(/[!'()~]/g, escape);
}

interface Position {
  readonly after: string;
  readonly toldPrefix?: string;
}

function formatToken(position: Position): string {
  return Buffer.from(JSON.stringify([position.after, position.toldPrefix])).toString('base64url');
}

function parseToken(token: string): Position {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (!Array.isArray(value)) throw new TypeError('not a list');
    const [after, toldPrefix]: unknown[] = value;
    if (typeof after !== 'string') throw new TypeError('not a key');
    return typeof toldPrefix === 'string' ? { after, toldPrefix } : { after };
  } catch {
    throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  }
}

/** Objects after a position, in the store's order and as far as its listing has caught up. */
function listObjects(call: Call, after: string): [string, StoredObject][] {
  const { personality, now } = call.service;
  const bucket = bucketOf(call);
  const objects = personality.listingDelayMs > 0 ? bucket.objectsAsOf(now() - personality.listingDelayMs) : bucket.objects();
  const order = personality.listingOrder;
  const below = call.request.query.get('prefix') ?? '';
  return [...objects]
    .filter(([key]) => key.startsWith(below) && (after === '' || compareKeys(key, after, order) > 0))
    .toSorted(([a], [b]) => compareKeys(a, b, order));
}

function formatEntry([key, object]: readonly [string, StoredObject], encode: (name: string) => string): Markup {
  return element(
    'Contents',
    element('Key', encode(key)),
    element('LastModified', new Date(object.modifiedMs).toISOString()),
    element('ETag', object.etag),
    optionalElement('ChecksumAlgorithm', object.checksum?.algorithm),
    optionalElement('ChecksumType', object.checksum?.type),
    element('Size', object.bytes.length),
    element('StorageClass', 'STANDARD'),
  );
}

/** ListObjectsV2. */
export function listObjectsV2(call: Call): Answer {
  const { query } = call.request;
  if (query.get('list-type') !== '2') throw new S3Error('InvalidArgument', 'list-type must be 2');
  const token = query.get('continuation-token');
  if (token === '') throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect');
  const position = token === undefined ? { after: query.get('start-after') ?? '' } : parseToken(token);
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const maxKeys = Math.min(1000, parseCount('max-keys', query.get('max-keys'), 1000, [0, 2 ** 31 - 1]));
  const encode = createNameEncoder(call.request);
  const { toldPrefix } = position;
  const entries = maxKeys === 0 ? [] : listObjects(call, position.after);
  const page = takePage({ entries, keyOf: ([key]) => key, prefix, delimiter, toldPrefix, maxCount: maxKeys });
  return answerXml(
    formatDocument(
      'ListBucketResult',
      element('Name', bucketOf(call).name),
      element('Prefix', encode(prefix)),
      optionalElement('Delimiter', encode(delimiter)),
      element('MaxKeys', maxKeys),
      element('KeyCount', page.entries.length + page.prefixes.length),
      element('IsTruncated', page.last !== undefined),
      optionalElement('EncodingType', query.get('encoding-type')),
      optionalElement('StartAfter', encode(query.get('start-after') ?? '')),
      optionalElement('ContinuationToken', token),
      optionalElement('NextContinuationToken', page.last === undefined ? undefined : formatToken(positionOf(page, page.last))),
      ...page.entries.map((entry) => formatEntry(entry, encode)),
      ...page.prefixes.map((common) => element('CommonPrefixes', element('Prefix', encode(common)))),
    ),
  );
}

function positionOf(page: Page<unknown>, last: string): Position {
  return page.prefixes.includes(last) ? { after: last, toldPrefix: last } : { after: last };
}
