import { BucketError } from '../../errors/bucket-error.ts';
import type { ListedEntry, ListOptions } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { createCircleWatch } from './circle-watch.ts';
import type { S3Client } from './s3-client.ts';
import { childElements, childText, requireText, type XmlElement } from './s3-xml.ts';

/** ListObjectsV2, page by page, as `Bucket.list` promises it. */
export async function* listObjects(client: S3Client, options: ListOptions = {}): AsyncGenerator<ListedEntry> {
  const { prefix = '', delimiter, startAfter, signal } = options;
  const action = `list objects below "${prefix}"`;
  const fixed = { 'list-type': '2', 'encoding-type': 'url', prefix, ...(delimiter && { delimiter }) };
  let place: Record<string, string> = startAfter ? { 'start-after': startAfter } : {};
  const isCircle = createCircleWatch();
  for (;;) {
    const page = await client.sendForXml({ action, method: 'GET', query: { ...fixed, ...place }, signal }, 'ListBucketResult');
    yield* readEntries(page, prefix, action);
    if (childText(page, 'IsTruncated') !== 'true') return;
    const token = requireText(page, 'NextContinuationToken', action);
    if (isCircle(token)) throw new BucketError('response-invalid', `Cannot ${action}: the pages that the store gives lead in a circle`);
    place = { 'continuation-token': token };
  }
}

function* readEntries(page: XmlElement, prefix: string, action: string): Generator<ListedEntry> {
  const decodeName = nameDecoder(page, action);
  const decode = (encoded: string): string => {
    const name = decodeName(encoded);
    if (name.startsWith(prefix)) return name;
    throw new BucketError(
      'response-invalid',
      `Cannot ${action}: the store lists ${JSON.stringify(name.slice(0, 200))}, which is not there`,
    );
  };
  for (const contents of childElements(page, 'Contents')) {
    yield {
      kind: 'object',
      key: decode(requireText(contents, 'Key', action)) as ObjectKey,
      size: readSize(contents, action),
      etag: childText(contents, 'ETag'),
      lastModified: readDate(contents, 'LastModified', action),
    };
  }
  for (const common of childElements(page, 'CommonPrefixes')) {
    yield { kind: 'prefix', prefix: decode(requireText(common, 'Prefix', action)) };
  }
}

/**
 * How the names of a page are to be read: as they stand, or as form data where the store says that it has encoded them, which it was asked for since XML cannot hold every
 * character (versitygw does not do it, and does not say it does).
 */
export function nameDecoder(page: XmlElement, action: string): (name: string) => string {
  if (childText(page, 'EncodingType') !== 'url') return (name) => name;
  return (name) => {
    try {
      return decodeURIComponent(name.replaceAll('+', ' '));
    } catch (error) {
      throw new BucketError('response-invalid', `Cannot ${action}: the name ${JSON.stringify(name)} is not encoded as it should be`, {
        cause: error,
      });
    }
  };
}

/** @throws BucketError `response-invalid` */
export function readSize(element: XmlElement, action: string): number {
  const text = requireText(element, 'Size', action);
  if (!/^\d{1,15}$/.test(text))
    throw new BucketError('response-invalid', `Cannot ${action}: the store lists the size ${JSON.stringify(text)}`);
  return Number(text);
}

/** @throws BucketError `response-invalid` */
export function readDate(element: XmlElement, name: string, action: string): Date {
  const text = requireText(element, name, action);
  const date = new Date(text);
  if (Number.isNaN(date.getTime()))
    throw new BucketError('response-invalid', `Cannot ${action}: the store lists the date ${JSON.stringify(text)}`);
  return date;
}
