import { createMissingKeyError, demandAccess } from './access.ts';
import { answerXml, bucketOf, keyOf, type Answer, type Call } from './call.ts';
import { checksumElement, computeChecksum, parseChecksumAlgorithm, type Checksum } from './checksums.ts';
import { commitObject, formatEtag, keepHeaders } from './commit.ts';
import { checkCopySourceConditions } from './conditions.ts';
import { S3Error } from './errors.ts';
import type { Bucket, StoredObject } from './store.ts';
import { findUpload, storePart } from './uploads.ts';
import { element, formatDocument, optionalElement } from './xml.ts';

/** Only of an object larger than this may a range be copied. */
const MIN_RANGE_SOURCE_BYTES = 5 * 2 ** 20;

interface CopySource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly object: StoredObject;
}

/** The source named by `x-amz-copy-source`, which its reader must be allowed to read. */
function findSource(call: Call): CopySource {
  const text = call.request.headers['x-amz-copy-source'] ?? '';
  if (text.includes('?')) throw new S3Error('NotImplemented', 'Versions are not implemented');
  const invalid = new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey');
  let path: string;
  try {
    path = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid;
  }
  const [, bucketName, key] = /^\/?([^/]+)\/([^]+)$/.exec(path) ?? [];
  if (!bucketName || !key) throw invalid;
  const bucket = call.service.store.get(bucketName);
  demandAccess(call, 's3:GetObject', bucket, key);
  const object = bucket.get(key);
  if (!object) throw createMissingKeyError(call, bucket, key);
  checkCopySourceConditions(call.request.headers, object);
  return { bucket, key, object };
}

function formatResult(root: string, etag: string, modifiedMs: number, checksum: Checksum | undefined): Answer {
  return answerXml(
    formatDocument(
      root,
      element('LastModified', new Date(modifiedMs).toISOString()),
      element('ETag', etag),
      optionalElement(checksum ? checksumElement(checksum.algorithm) : 'Checksum', checksum?.value),
      optionalElement('ChecksumType', root === 'CopyObjectResult' ? checksum?.type : undefined),
    ),
  );
}

/** A copy's checksum is of its bytes, in the algorithm asked for or else the source's. */
function checksumCopy({ headers }: Call['request'], { bytes, checksum }: StoredObject): Checksum | undefined {
  const asked = headers['x-amz-checksum-algorithm'];
  const algorithm = asked === undefined ? checksum?.algorithm : parseChecksumAlgorithm(asked);
  return algorithm && computeChecksum(algorithm, bytes);
}

/** CopyObject. The copy of a multipart object has the plain MD5 for its entity tag. */
export function copyObject(call: Call): Answer {
  const { headers } = call.request;
  const { bucket, key, object } = findSource(call);
  const directive = headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') throw new S3Error('InvalidArgument', 'Unknown metadata directive.');
  if (directive === 'COPY' && bucket === bucketOf(call) && key === keyOf(call)) {
    throw new S3Error('InvalidRequest', 'This copy request is illegal because it changes nothing of the object.');
  }
  const kept = directive === 'COPY' ? object.headers : keepHeaders(headers);
  const checksum = checksumCopy(call.request, object);
  const { bytes } = object;
  const { etag, modifiedMs } = commitObject(call, { bytes, etag: formatEtag(call, bytes), headers: kept, checksum });
  return formatResult('CopyObjectResult', etag, modifiedMs, checksum);
}

function takeCopyRange(text: string | undefined, { bytes }: StoredObject): Buffer {
  if (text === undefined) return bytes;
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw new S3Error('InvalidArgument', 'The x-amz-copy-source-range value must be of the form bytes=first-last');
  }
  if (bytes.length <= MIN_RANGE_SOURCE_BYTES) {
    throw new S3Error('InvalidRequest', 'The specified copy source is not supported as a byte-range copy source');
  }
  if (Number(last) >= bytes.length) {
    throw new S3Error('InvalidArgument', `Range specified is not valid for source object of size: ${bytes.length}`);
  }
  return bytes.subarray(Number(first), Number(last) + 1);
}

export function uploadPartCopy(call: Call): Answer {
  const upload = findUpload(call);
  const { object } = findSource(call);
  const bytes = takeCopyRange(call.request.headers['x-amz-copy-source-range'], object);
  const checksum = upload.checksum && computeChecksum(upload.checksum.algorithm, bytes);
  const { etag, modifiedMs } = storePart(call, upload, bytes, checksum);
  return formatResult('CopyPartResult', etag, modifiedMs, checksum);
}
