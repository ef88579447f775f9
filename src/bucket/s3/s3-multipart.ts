import { BucketError } from '../../errors/bucket-error.ts';
import { hasCode } from '../../errors/coded-error.ts';
import type { BucketAbilities } from '../bucket.ts';
import type { ListedUpload, MultipartUploads, UploadHandle } from '../multipart-uploads.ts';
import type { ObjectKey } from '../object-key.ts';
import type { RequestOptions } from '../write-options.ts';
import { base64ToHex } from './base64.ts';
import { createCircleWatch } from './circle-watch.ts';
import { plainDocument } from './document-body.ts';
import type { S3Client, S3Request } from './s3-client.ts';
import { preconditionFor } from './s3-conditions.ts';
import { nameDecoder, readDate, readSize } from './s3-list.ts';
import { formatCondition, formatObjectHeaders, readEtag } from './s3-object-headers.ts';
import { encodeKey } from './s3-uri.ts';
import { canTrailCrc32, withTrailingCrc32 } from './trailing-crc32.ts';
import { childElements, childText, formatElement, requireText, s3Namespace, type XmlElement } from './s3-xml.ts';

/** Stores put large objects together, and copy them, before they answer. */
export const assemblyTimeoutMs: number = 10 * 60_000;

/**
 * A connection that takes nothing of a part for so long is given up, and the part is sent over another: there are many, and one of them may be dead. Longer than a crawling one needs
 * to drain what its buffers hold.
 */
const partStallMs = 30_000;

/**
 * Multipart uploads of S3.
 *
 * A part's SHA-256 is sent as the payload digest of its signature, which every store checks, and not as a checksum of the upload: S3 would then want a checksum of every part, those
 * copied included, and all of them again on Complete, also of parts that another process has sent. Over plain HTTP, a store that was seen to check it gets the CRC-32 of each part behind its
 * bytes instead, in an upload that knows of no checksums (S3 itself refuses that). What a part holds is told by its ETag, an MD5 where the store does not
 * encrypt with keys of its own; a listed SHA-256 (uploads of other programs have it) is passed on.
 */
export function createS3Multipart(
  client: S3Client,
  bucket: string,
  { verifiesCrc32 }: Pick<BucketAbilities, 'verifiesCrc32'>,
): MultipartUploads {
  const trailsCrc32 = verifiesCrc32 && !client.endpoint.isTls && !client.isAnonymous && canTrailCrc32();
  return {
    async create(key, options) {
      // They open while the store answers
      client.prepare(options.connections ?? 0);
      const action = `begin an upload of "${key}"`;
      const headers = formatObjectHeaders(options);
      const request: S3Request = { action, method: 'POST', key, query: { uploads: '' }, headers, signal: options.signal };
      const result = await client.sendForXml(request, 'InitiateMultipartUploadResult');
      return { key, uploadId: requireText(result, 'UploadId', action) };
    },

    async putPart(upload, partNumber, body, { sha256, crc32, signal } = {}) {
      const action = describePart('send', upload, partNumber);
      const isTrailed = crc32 !== undefined || (trailsCrc32 && sha256 === undefined);
      const content = isTrailed ? withTrailingCrc32(body, crc32) : { body, sha256 };
      const request = { action, method: 'PUT', ...addressPart(upload, partNumber), ...content, signal, stallTimeoutMs: partStallMs };
      return { partNumber, etag: readEtag(await client.sendForHeaders(request), action) };
    },

    async copyPart(upload, partNumber, from, range, { signal } = {}) {
      const action = `${describePart('copy', upload, partNumber)} from "${from}"`;
      const headers = {
        'x-amz-copy-source': `/${bucket}/${encodeKey(from)}`,
        'x-amz-copy-source-range': `bytes=${range.start}-${range.end - 1}`,
      };
      const request = { action, method: 'PUT', ...addressPart(upload, partNumber), headers, signal, idleTimeoutMs: assemblyTimeoutMs };
      const result = await client.sendForXml(request, 'CopyPartResult');
      return { partNumber, etag: requireText(result, 'ETag', action) };
    },

    async *listParts(upload, { signal } = {}) {
      const action = `list the parts of an upload of "${upload.key}"`;
      let marker = '0';
      for (;;) {
        const query = { uploadId: upload.uploadId, 'part-number-marker': marker };
        const page = await client.sendForXml({ action, method: 'GET', key: upload.key, query, signal }, 'ListPartsResult');
        for (const part of childElements(page, 'Part')) {
          yield {
            partNumber: Number(requireText(part, 'PartNumber', action)),
            etag: requireText(part, 'ETag', action),
            size: readSize(part, action),
            sha256: readSha256(part),
          };
        }
        if (childText(page, 'IsTruncated') !== 'true') return;
        const next = requireText(page, 'NextPartNumberMarker', action);
        if (!(Number(next) > Number(marker))) throw samePage(action);
        marker = next;
      }
    },

    async *listUploads(key, options) {
      for await (const upload of listUploads(client, key, options)) if (upload.key === key) yield upload;
    },

    listUploadsBelow: (prefix, options) => listUploads(client, prefix, options),

    async complete(upload, parts, options = {}) {
      const { key, uploadId } = upload;
      const action = `complete an upload of "${key}"`;
      const listed = parts
        .toSorted((a, b) => a.partNumber - b.partNumber)
        .map(({ partNumber, etag }) =>
          formatElement('Part', [formatElement('PartNumber', String(partNumber)), formatElement('ETag', etag)]),
        );
      const document = formatElement('CompleteMultipartUpload', listed, s3Namespace);
      const { headers: documentHeaders, body, sha256 } = plainDocument(document);
      const headers = { ...documentHeaders, ...formatCondition(options) };
      const request = { action, method: 'POST', key, query: { uploadId }, headers, body, sha256, signal: options.signal };
      const sending = client.sendForXml({ ...request, idleTimeoutMs: assemblyTimeoutMs }, 'CompleteMultipartUploadResult');
      const result = await preconditionFor(sending, options, action);
      return { etag: requireText(result, 'ETag', action) };
    },

    async abort({ key, uploadId }, { signal } = {}) {
      try {
        await client.sendForHeaders({ action: `abort an upload of "${key}"`, method: 'DELETE', key, query: { uploadId }, signal });
      } catch (error) {
        if (!hasCode(error, 'upload-missing')) throw error;
      }
    },
  };
}

async function* listUploads(client: S3Client, prefix: string, { signal }: RequestOptions = {}): AsyncGenerator<ListedUpload> {
  const action = `list the uploads of "${prefix}"`;
  let place: Record<string, string> = {};
  const isCircle = createCircleWatch();
  for (;;) {
    const query = { uploads: '', prefix, 'encoding-type': 'url', ...place };
    const page = await client.sendForXml({ action, method: 'GET', query, signal }, 'ListMultipartUploadsResult');
    const decode = nameDecoder(page, action);
    for (const upload of childElements(page, 'Upload')) {
      const key = decode(requireText(upload, 'Key', action));
      if (!key.startsWith(prefix)) continue;
      yield {
        key: key as ObjectKey,
        uploadId: requireText(upload, 'UploadId', action),
        initiated: readDate(upload, 'Initiated', action),
      };
    }
    if (childText(page, 'IsTruncated') !== 'true') return;
    const next = {
      'key-marker': decode(requireText(page, 'NextKeyMarker', action)),
      'upload-id-marker': childText(page, 'NextUploadIdMarker') ?? '',
    };
    if (isCircle(JSON.stringify(next))) throw samePage(action);
    place = next;
  }
}

function describePart(verb: string, { key }: UploadHandle, partNumber: number): string {
  return `${verb} part ${partNumber} of "${key}"`;
}

function addressPart({ key, uploadId }: UploadHandle, partNumber: number): Pick<S3Request, 'key' | 'query'> {
  return { key, query: { partNumber: String(partNumber), uploadId } };
}

/** A composite checksum (`…-3`) is none of these bytes. */
function readSha256(part: XmlElement): string | undefined {
  const hex = base64ToHex(childText(part, 'ChecksumSHA256') ?? '');
  return hex?.length === 64 ? hex : undefined;
}

function samePage(action: string): BucketError {
  return new BucketError('response-invalid', `Cannot ${action}: the store gave the same page twice`);
}
