import { demandAccess } from './access.ts';
import { createBucket, deleteBucket, getBucketLocation, headBucket, listBuckets } from './buckets.ts';
import type { Answer, Call, CallHead, Service } from './call.ts';
import { findChecksum, verifyChecksum, verifyContentMd5 } from './checksums.ts';
import { checkConditionForm } from './conditions.ts';
import { copyObject, uploadPartCopy } from './copies.ts';
import { S3Error } from './errors.ts';
import { listObjectsV2 } from './listing.ts';
import { deleteObject, deleteObjects, putObject, readObject } from './objects.ts';
import { rowOf, type Operation } from './operations.ts';
import type { S3Request } from './request.ts';
import { createSettingHandlers } from './settings.ts';
import { authenticate, verifyPayload, type Verifier } from './signature.ts';
import { isTrailed, unwrapTrailed } from './trailers.ts';
import { listParts, listUploads } from './upload-listing.ts';
import { abortUpload, completeUpload, createUpload, uploadPart } from './uploads.ts';

/** Handlers are synchronous: whatever one reads and writes happens in one breath. */
type Handler = (call: Call) => Answer;

const policy = createSettingHandlers('policy');
const lifecycle = createSettingHandlers('lifecycle');
const cors = createSettingHandlers('cors');
const publicAccessBlock = createSettingHandlers('publicAccessBlock');

const HANDLERS: Readonly<Record<Operation, Handler>> = {
  ListBuckets: listBuckets,
  GetBucketLocation: getBucketLocation,
  GetBucketPolicy: policy.get,
  PutBucketPolicy: policy.put,
  DeleteBucketPolicy: policy.delete,
  GetBucketLifecycle: lifecycle.get,
  PutBucketLifecycle: lifecycle.put,
  DeleteBucketLifecycle: lifecycle.delete,
  GetBucketCors: cors.get,
  PutBucketCors: cors.put,
  DeleteBucketCors: cors.delete,
  GetPublicAccessBlock: publicAccessBlock.get,
  PutPublicAccessBlock: publicAccessBlock.put,
  DeletePublicAccessBlock: publicAccessBlock.delete,
  ListMultipartUploads: listUploads,
  DeleteObjects: deleteObjects,
  ListObjectsV2: listObjectsV2,
  HeadBucket: headBucket,
  CreateBucket: createBucket,
  DeleteBucket: deleteBucket,
  CreateMultipartUpload: createUpload,
  CompleteMultipartUpload: completeUpload,
  UploadPartCopy: uploadPartCopy,
  UploadPart: uploadPart,
  ListParts: listParts,
  AbortMultipartUpload: abortUpload,
  CopyObject: copyObject,
  PutObject: putObject,
  GetObject: readObject,
  HeadObject: readObject,
  DeleteObject: deleteObject,
};

/** Headers of abilities that this server lacks: to ignore one would be to say that it was heeded. */
const UNKNOWN_HEADERS = /^x-amz-(grant-|object-lock-|tagging|server-side-encryption-customer-|write-offset-bytes|trailer)/;
const MAX_BODY_BYTES = 5 * 2 ** 30;

function checkHeaders({ service, request, operation }: CallHead): void {
  const takesTrailer = service.personality.takesTrailedParts && operation === 'UploadPart' && isTrailed(request);
  const unknown = Object.keys(request.headers).find((name) => UNKNOWN_HEADERS.test(name) && !(takesTrailer && name === 'x-amz-trailer'));
  if (unknown) throw new S3Error('NotImplemented', `The header "${unknown}" is not implemented`);
  const acl = request.headers['x-amz-acl'];
  if (acl !== undefined && acl !== 'bucket-owner-full-control') throw new S3Error(service.personality.aclRefusal);
}

/** S3 wants to know a body's length before it comes. */
function checkLength({ method, headers }: S3Request): void {
  if (headers['transfer-encoding'] !== undefined) throw new S3Error('NotImplemented', 'Transfer-Encoding is not implemented');
  const isBodyless = headers['x-amz-copy-source'] !== undefined;
  if (method === 'PUT' && headers['content-length'] === undefined && !isBodyless) throw new S3Error('MissingContentLength');
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw new S3Error('EntityTooLarge');
}

function checkAccess(head: CallHead): void {
  const { service, operation, request } = head;
  const isAboutBucket = operation !== 'ListBuckets' && operation !== 'CreateBucket';
  const bucket = isAboutBucket ? service.store.get(request.bucketName ?? '') : undefined;
  const { action } = rowOf(operation);
  if (action !== undefined) demandAccess(head, action, bucket, request.key);
}

function verifyBody({ operation, request: { headers } }: CallHead, body: Buffer): void {
  verifyPayload(headers, body);
  verifyContentMd5(headers, body);
  if (!rowOf(operation).needsDigest) return;
  if (headers['content-md5'] === undefined && !findChecksum(headers)) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*');
  }
  verifyChecksum(headers, body);
}

/**
 * Takes a request from its head to its answer: who asks, whether they may, whether the store can, the body, whether
 * it is what was promised, the deed. All that can be refused without the body is refused before it is read.
 */
export async function carryOut(
  service: Service,
  verifier: Verifier,
  { request, operation }: Pick<CallHead, 'request' | 'operation'>,
  readBody: () => Promise<Buffer>,
): Promise<Answer> {
  const arrivedAt = service.store.nextTick();
  const caller = await authenticate(request, verifier);
  const head: CallHead = { service, request, operation, caller, arrivedAt };
  if (service.personality.lacks.includes(operation)) throw new S3Error('NotImplemented', `${operation} is not implemented`);
  checkHeaders(head);
  checkAccess(head);
  checkConditionForm(head);
  checkLength(request);
  const body = await readBody();
  if (isTrailed(request)) return HANDLERS[operation]({ ...head, ...unwrapTrailed(request, body) });
  verifyBody(head, body);
  return HANDLERS[operation]({ ...head, body });
}
