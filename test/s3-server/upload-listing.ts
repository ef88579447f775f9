import { answerXml, bucketOf, type Answer, type Call } from './call.ts';
import { checksumElement } from './checksums.ts';
import { compareKeys, createNameEncoder, takePage } from './listing.ts';
import { parseCount } from './request.ts';
import type { StoredPart, Upload } from './store.ts';
import { findUpload } from './uploads.ts';
import { element, formatDocument, optionalElement, type Markup } from './xml.ts';

const NO_LIMIT = 2 ** 31 - 1;

function formatPart([number, part]: readonly [number, StoredPart]): Markup {
  return element(
    'Part',
    element('PartNumber', number),
    element('LastModified', new Date(part.modifiedMs).toISOString()),
    element('ETag', part.etag),
    optionalElement(part.checksum ? checksumElement(part.checksum.algorithm) : 'Checksum', part.checksum?.value),
    element('Size', part.bytes.length),
  );
}

/** ListParts: by number, in pages of at most 1,000. */
export function listParts(call: Call): Answer {
  const { query } = call.request;
  const upload = findUpload(call);
  const maxParts = Math.min(1000, parseCount('max-parts', query.get('max-parts'), 1000, [0, NO_LIMIT]));
  const marker = parseCount('part-number-marker', query.get('part-number-marker'), 0, [0, NO_LIMIT]);
  const rest = [...upload.parts].filter(([number]) => number > marker).toSorted(([a], [b]) => a - b);
  const parts = rest.slice(0, maxParts);
  const isTruncated = rest.length > parts.length;
  return answerXml(
    formatDocument(
      'ListPartsResult',
      element('Bucket', bucketOf(call).name),
      element('Key', createNameEncoder(call.request)(upload.key)),
      element('UploadId', upload.uploadId),
      element('PartNumberMarker', marker),
      element('NextPartNumberMarker', parts.at(-1)?.[0] ?? 0),
      element('MaxParts', maxParts),
      element('IsTruncated', isTruncated),
      element('StorageClass', 'STANDARD'),
      optionalElement('ChecksumAlgorithm', upload.checksum?.algorithm),
      optionalElement('ChecksumType', upload.checksum?.type),
      ...parts.map(formatPart),
    ),
  );
}

function formatUpload(upload: Upload, encode: (name: string) => string): Markup {
  return element(
    'Upload',
    element('Key', encode(upload.key)),
    element('UploadId', upload.uploadId),
    element('StorageClass', 'STANDARD'),
    optionalElement('ChecksumAlgorithm', upload.checksum?.algorithm),
    optionalElement('ChecksumType', upload.checksum?.type),
    element('Initiated', new Date(upload.initiatedMs).toISOString()),
  );
}

/** Uploads after a marker: a key, or one upload of that key. */
function uploadsAfter(call: Call, keyMarker: string, idMarker: string): Upload[] {
  const isAfter = ({ key, uploadId }: Upload): boolean => {
    const order = compareKeys(key, keyMarker);
    return order > 0 || (order === 0 && idMarker !== '' && uploadId > idMarker);
  };
  return [...bucketOf(call).uploads.values()]
    .filter((upload) => keyMarker === '' || isAfter(upload))
    .toSorted((a, b) => compareKeys(a.key, b.key) || (a.uploadId < b.uploadId ? -1 : 1));
}

/** ListMultipartUploads: by key, then by the time of their beginning. */
export function listUploads(call: Call): Answer {
  const { query } = call.request;
  const text = (name: string): string => query.get(name) ?? '';
  const maxUploads = Math.min(1000, parseCount('max-uploads', query.get('max-uploads'), 1000, [1, NO_LIMIT]));
  const encode = createNameEncoder(call.request);
  const [prefix, delimiter, keyMarker] = [text('prefix'), text('delimiter'), text('key-marker')];
  const idMarker = keyMarker === '' ? '' : text('upload-id-marker');
  const toldPrefix = delimiter !== '' && keyMarker.endsWith(delimiter) ? keyMarker : undefined;
  const isTold = ({ key }: Upload): boolean => call.service.personality.uploadListing === 'prefix' || key === prefix;
  const entries = uploadsAfter(call, keyMarker, idMarker).filter(isTold);
  const page = takePage({ entries, keyOf: ({ key }) => key, prefix, delimiter, toldPrefix, maxCount: maxUploads });
  const lastId = page.entries.findLast(({ key }) => key === page.last)?.uploadId;
  return answerXml(
    formatDocument(
      'ListMultipartUploadsResult',
      element('Bucket', bucketOf(call).name),
      element('KeyMarker', encode(keyMarker)),
      element('UploadIdMarker', idMarker),
      optionalElement('NextKeyMarker', page.last === undefined ? undefined : encode(page.last)),
      optionalElement('NextUploadIdMarker', lastId),
      element('Prefix', encode(prefix)),
      optionalElement('Delimiter', encode(delimiter)),
      optionalElement('EncodingType', query.get('encoding-type')),
      element('MaxUploads', maxUploads),
      element('IsTruncated', page.last !== undefined),
      ...page.entries.map((upload) => formatUpload(upload, encode)),
      ...page.prefixes.map((common) => element('CommonPrefixes', element('Prefix', encode(common)))),
    ),
  );
}
