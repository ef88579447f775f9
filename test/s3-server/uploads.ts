import { createHash, randomBytes } from 'node:crypto';
import { answerXml, bucketOf, keyOf, type Answer, type Call } from './call.ts';
import {
  checksumElement,
  checksumHeader,
  combineChecksums,
  computeChecksum,
  findChecksum,
  parseChecksumAlgorithm,
  verifyChecksum,
  type Checksum,
} from './checksums.ts';
import { commitObject, formatEtag, keepHeaders } from './commit.ts';
import { S3Error } from './errors.ts';
import { parseCount } from './request.ts';
import type { StoredPart, Upload } from './store.ts';
import { isTrailed } from './trailers.ts';
import { childrenOf, element, formatDocument, optionalElement, parseDocument, textOf } from './xml.ts';

const MIN_PART_BYTES = 5 * 2 ** 20;
const MAX_PARTS = 10_000;

/** The upload that a call names; `NoSuchUpload` where it was completed, aborted or never begun for this key. */
export function findUpload(call: Call): Upload {
  const uploadId = call.request.query.get('uploadId') ?? '';
  const upload = bucketOf(call).uploads.get(uploadId);
  if (upload?.key !== keyOf(call)) throw new S3Error('NoSuchUpload', undefined, { elements: { UploadId: uploadId } });
  return upload;
}

function parsePartNumber({ query }: Call['request']): number {
  return parseCount('partNumber', query.get('partNumber') || 'missing', 0, [1, MAX_PARTS]);
}

/** CRC-64 is always of the whole object; the others are of the parts' checksums unless the request says otherwise. */
function parseUploadChecksum(headers: Call['request']['headers']): Upload['checksum'] {
  const [name, type] = [headers['x-amz-checksum-algorithm'], headers['x-amz-checksum-type']];
  if (name === undefined) {
    if (type !== undefined) throw new S3Error('InvalidRequest', 'x-amz-checksum-type needs x-amz-checksum-algorithm');
    return undefined;
  }
  const algorithm = parseChecksumAlgorithm(name);
  const chosen = type ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const isPossible = chosen === 'FULL_OBJECT' ? algorithm.startsWith('CRC') : chosen === 'COMPOSITE' && algorithm !== 'CRC64NVME';
  if (!isPossible) {
    throw new S3Error('InvalidRequest', `The ${chosen} checksum type cannot be used with the ${name} checksum algorithm.`);
  }
  return { algorithm, type: chosen === 'FULL_OBJECT' ? 'FULL_OBJECT' : 'COMPOSITE' };
}

export function createUpload(call: Call): Answer {
  const { request, service } = call;
  const [bucket, key] = [bucketOf(call), keyOf(call)];
  // Ids grow with time, so that a listing by id is one by time too.
  const uploadId = `${String(service.store.nextTick()).padStart(10, '0')}-${randomBytes(12).toString('hex')}`;
  const checksum = parseUploadChecksum(request.headers);
  const headers = keepHeaders(request.headers);
  bucket.uploads.set(uploadId, { uploadId, key, initiatedMs: service.now(), headers, checksum, parts: new Map() });
  const document = formatDocument(
    'InitiateMultipartUploadResult',
    element('Bucket', bucket.name),
    element('Key', key),
    element('UploadId', uploadId),
  );
  if (!checksum) return answerXml(document);
  return answerXml(document, { 'x-amz-checksum-algorithm': checksum.algorithm, 'x-amz-checksum-type': checksum.type });
}

/** An upload and its parts agree on an algorithm, or on none. */
function checkPartAlgorithm(upload: Upload, given: Checksum | undefined): void {
  const [expected, actual] = [upload.checksum?.algorithm, given?.algorithm];
  if (expected === actual) return;
  const [wanted, found] = [expected, actual].map((name) => name?.toLowerCase() ?? 'null');
  throw new S3Error('InvalidRequest', `Checksum Type mismatch occurred, expected checksum Type: ${wanted}, actual checksum Type: ${found}`);
}

/** Stores a part in the place of an earlier one of its number. */
export function storePart(call: Call, upload: Upload, bytes: Buffer, checksum: Checksum | undefined): StoredPart {
  const part = { bytes, etag: formatEtag(call, bytes), modifiedMs: call.service.now(), checksum };
  upload.parts.set(parsePartNumber(call.request), part);
  return part;
}

export function uploadPart(call: Call): Answer {
  const { request, body } = call;
  const upload = findUpload(call);
  if (!isTrailed(request)) checkPartAlgorithm(upload, findChecksum(request.headers));
  const checksum = verifyChecksum(request.headers, body);
  const { etag } = storePart(call, upload, body, checksum);
  return { status: 200, headers: { etag, ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}) } };
}

interface WantedPart {
  readonly number: number;
  readonly part: StoredPart;
}

/** The parts that a Complete names, each held against what was stored. */
function findWantedParts(call: Call, upload: Upload): WantedPart[] {
  const named = childrenOf(parseDocument(call.body, 'CompleteMultipartUpload'), 'Part');
  if (named.length === 0 || named.length > MAX_PARTS) throw new S3Error('MalformedXML');
  const wanted = named.map((one) => {
    const [numberText, etag] = [textOf(one, 'PartNumber'), textOf(one, 'ETag')];
    if (!numberText || !etag) throw new S3Error('MalformedXML', 'A part needs a PartNumber and an ETag');
    return { one, number: parseCount('PartNumber', numberText, 0, [1, MAX_PARTS]), etag };
  });
  wanted.forEach(({ number }, index) => {
    if (number <= (wanted[index - 1]?.number ?? 0)) throw new S3Error('InvalidPartOrder');
  });
  return wanted.map(({ one, number, etag }) => {
    const part = upload.parts.get(number);
    if (part?.etag.replaceAll('"', '') !== etag.replaceAll('"', '')) {
      throw new S3Error('InvalidPart', undefined, { elements: { UploadId: upload.uploadId, PartNumber: number, ETag: etag } });
    }
    checkPartChecksum(upload, number, part, (name) => textOf(one, name));
    return { number, part };
  });
}

function checkPartChecksum(upload: Upload, number: number, part: StoredPart, read: (name: string) => string | undefined): void {
  if (!upload.checksum) return;
  const { algorithm, type } = upload.checksum;
  const given = read(checksumElement(algorithm));
  if (given === undefined && type === 'COMPOSITE') {
    throw new S3Error(
      'InvalidRequest',
      `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
  if (given !== undefined && given !== part.checksum?.value) {
    throw new S3Error('InvalidPart', undefined, { elements: { UploadId: upload.uploadId, PartNumber: number } });
  }
}

/** Every part but the last is at least 5 MiB; for R2 they also have one size, which the last does not exceed. */
function checkPartSizes(call: Call, wanted: readonly WantedPart[]): void {
  const sizes = wanted.map(({ part }) => part.bytes.length);
  const small = sizes.slice(0, -1).findIndex((size) => size < MIN_PART_BYTES);
  if (small >= 0) {
    throw new S3Error('EntityTooSmall', undefined, {
      elements: { ProposedSize: sizes[small] ?? 0, MinSizeAllowed: MIN_PART_BYTES, PartNumber: wanted[small]?.number ?? 0 },
    });
  }
  if (!call.service.personality.wantsEqualParts) return;
  const [first = 0] = sizes;
  const isOdd = sizes.slice(0, -1).some((size) => size !== first) || (sizes.at(-1) ?? 0) > first;
  if (isOdd) throw new S3Error('InvalidPart', 'All non-trailing parts must have the same length.');
}

function checksumWhole(upload: Upload, wanted: readonly WantedPart[], bytes: Buffer): Checksum | undefined {
  if (!upload.checksum) return undefined;
  const { algorithm, type } = upload.checksum;
  if (type === 'FULL_OBJECT') return computeChecksum(algorithm, bytes);
  return combineChecksums(
    algorithm,
    wanted.map(({ part }) => part.checksum?.value ?? ''),
  );
}

function checkWhole({ headers }: Call['request'], bytes: Buffer, checksum: Checksum | undefined): void {
  const size = headers['x-amz-mp-object-size'];
  if (size !== undefined && size !== String(bytes.length)) {
    throw new S3Error('InvalidRequest', `The provided 'x-amz-mp-object-size' header is ${size}, found ${bytes.length}`);
  }
  const given = findChecksum(headers);
  if (given && given.value !== checksum?.value) {
    throw new S3Error('BadDigest', `The ${given.algorithm} you specified did not match the calculated checksum.`);
  }
}

/** `-N` after the MD5 of the parts' MD5s. */
function formatMultipartEtag(wanted: readonly WantedPart[]): string {
  const digest = createHash('md5');
  for (const { part } of wanted) digest.update(part.etag.replaceAll('"', ''), 'hex');
  return `"${digest.digest('hex')}-${wanted.length}"`;
}

/**
 * Makes an object of the parts, whatever else was uploaded. The upload survives every refusal but a conflict (409),
 * after which S3 wants the parts to be sent anew.
 */
export function completeUpload(call: Call): Answer {
  const [bucket, key, upload] = [bucketOf(call), keyOf(call), findUpload(call)];
  const wanted = findWantedParts(call, upload);
  checkPartSizes(call, wanted);
  const bytes = Buffer.concat(wanted.map(({ part }) => part.bytes));
  const checksum = checksumWhole(upload, wanted, bytes);
  checkWhole(call.request, bytes, checksum);
  const etag = formatMultipartEtag(wanted);
  try {
    commitObject(call, { bytes, etag, headers: upload.headers, checksum });
  } catch (error) {
    if (error instanceof S3Error && error.code === 'ConditionalRequestConflict') bucket.uploads.delete(upload.uploadId);
    throw error;
  }
  bucket.uploads.delete(upload.uploadId);
  return answerXml(
    formatDocument(
      'CompleteMultipartUploadResult',
      element('Location', `http://${call.request.headers['host']}/${bucket.name}/${key}`),
      element('Bucket', bucket.name),
      element('Key', key),
      element('ETag', etag),
      optionalElement(checksum ? checksumElement(checksum.algorithm) : 'Checksum', checksum?.value),
      optionalElement('ChecksumType', checksum?.type),
    ),
  );
}

export function abortUpload(call: Call): Answer {
  bucketOf(call).uploads.delete(findUpload(call).uploadId);
  return { status: 204, headers: {} };
}
