import { S3Error } from './errors.ts';

/** The operations that are implemented, by Amazon's names. */
export type Operation =
  | 'ListBuckets'
  | 'GetBucketLocation'
  | 'GetBucketPolicy'
  | 'PutBucketPolicy'
  | 'DeleteBucketPolicy'
  | 'GetBucketLifecycle'
  | 'PutBucketLifecycle'
  | 'DeleteBucketLifecycle'
  | 'GetBucketCors'
  | 'PutBucketCors'
  | 'DeleteBucketCors'
  | 'GetPublicAccessBlock'
  | 'PutPublicAccessBlock'
  | 'DeletePublicAccessBlock'
  | 'ListMultipartUploads'
  | 'DeleteObjects'
  | 'ListObjectsV2'
  | 'HeadBucket'
  | 'CreateBucket'
  | 'DeleteBucket'
  | 'CreateMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'UploadPartCopy'
  | 'UploadPart'
  | 'ListParts'
  | 'AbortMultipartUpload'
  | 'CopyObject'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject';

export interface OperationRow {
  readonly method: string;
  readonly scope: 'service' | 'bucket' | 'object';
  /** Query parameters that must all be there. */
  readonly query?: readonly string[];
  /** A header that must be there. */
  readonly header?: string;
  /** The permission asked of the caller; none where the handler asks for each key. */
  readonly action?: string;
  /** Whether S3 insists on a Content-MD5 or a checksum of the body. */
  readonly needsDigest?: true;
}

/** How a request shows which operation it means. The first row that fits a request decides, so the special ones stand first. */
const OPERATIONS: Readonly<Record<Operation, OperationRow>> = {
  ListBuckets: { method: 'GET', scope: 'service', action: 's3:ListAllMyBuckets' },

  GetBucketLocation: { method: 'GET', scope: 'bucket', query: ['location'], action: 's3:GetBucketLocation' },
  GetBucketPolicy: { method: 'GET', scope: 'bucket', query: ['policy'], action: 's3:GetBucketPolicy' },
  PutBucketPolicy: { method: 'PUT', scope: 'bucket', query: ['policy'], action: 's3:PutBucketPolicy' },
  DeleteBucketPolicy: { method: 'DELETE', scope: 'bucket', query: ['policy'], action: 's3:DeleteBucketPolicy' },
  GetBucketLifecycle: { method: 'GET', scope: 'bucket', query: ['lifecycle'], action: 's3:GetLifecycleConfiguration' },
  PutBucketLifecycle: {
    method: 'PUT',
    scope: 'bucket',
    query: ['lifecycle'],
    action: 's3:PutLifecycleConfiguration',
    needsDigest: true,
  },
  DeleteBucketLifecycle: { method: 'DELETE', scope: 'bucket', query: ['lifecycle'], action: 's3:PutLifecycleConfiguration' },
  GetBucketCors: { method: 'GET', scope: 'bucket', query: ['cors'], action: 's3:GetBucketCORS' },
  PutBucketCors: { method: 'PUT', scope: 'bucket', query: ['cors'], action: 's3:PutBucketCORS', needsDigest: true },
  DeleteBucketCors: { method: 'DELETE', scope: 'bucket', query: ['cors'], action: 's3:PutBucketCORS' },
  GetPublicAccessBlock: {
    method: 'GET',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    action: 's3:GetBucketPublicAccessBlock',
  },
  PutPublicAccessBlock: {
    method: 'PUT',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    action: 's3:PutBucketPublicAccessBlock',
    needsDigest: true,
  },
  DeletePublicAccessBlock: {
    method: 'DELETE',
    scope: 'bucket',
    query: ['publicAccessBlock'],
    action: 's3:PutBucketPublicAccessBlock',
  },
  ListMultipartUploads: { method: 'GET', scope: 'bucket', query: ['uploads'], action: 's3:ListBucketMultipartUploads' },
  DeleteObjects: { method: 'POST', scope: 'bucket', query: ['delete'], needsDigest: true },
  ListObjectsV2: { method: 'GET', scope: 'bucket', query: ['list-type'], action: 's3:ListBucket' },
  HeadBucket: { method: 'HEAD', scope: 'bucket', action: 's3:ListBucket' },
  CreateBucket: { method: 'PUT', scope: 'bucket', action: 's3:CreateBucket' },
  DeleteBucket: { method: 'DELETE', scope: 'bucket', action: 's3:DeleteBucket' },

  CreateMultipartUpload: { method: 'POST', scope: 'object', query: ['uploads'], action: 's3:PutObject' },
  CompleteMultipartUpload: { method: 'POST', scope: 'object', query: ['uploadId'], action: 's3:PutObject' },
  UploadPartCopy: {
    method: 'PUT',
    scope: 'object',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
  },
  UploadPart: { method: 'PUT', scope: 'object', query: ['partNumber', 'uploadId'], action: 's3:PutObject' },
  ListParts: { method: 'GET', scope: 'object', query: ['uploadId'], action: 's3:ListMultipartUploadParts' },
  AbortMultipartUpload: { method: 'DELETE', scope: 'object', query: ['uploadId'], action: 's3:AbortMultipartUpload' },
  CopyObject: { method: 'PUT', scope: 'object', header: 'x-amz-copy-source', action: 's3:PutObject' },
  PutObject: { method: 'PUT', scope: 'object', action: 's3:PutObject' },
  GetObject: { method: 'GET', scope: 'object', action: 's3:GetObject' },
  HeadObject: { method: 'HEAD', scope: 'object', action: 's3:GetObject' },
  DeleteObject: { method: 'DELETE', scope: 'object', action: 's3:DeleteObject' },
};

/** The operations whose conditions decide whether they write. */
export const CONDITIONAL_WRITES: readonly Operation[] = ['PutObject', 'CopyObject', 'CompleteMultipartUpload', 'DeleteObject'];

/** Subresources of S3 that this server lacks: better refused than taken for a plain GET or PUT. */
const UNKNOWN_SUBRESOURCES = [
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'encryption',
  'inventory',
  'legal-hold',
  'logging',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'partNumber',
  'policyStatus',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
];

export interface Addressed {
  readonly method: string;
  readonly bucketName: string | undefined;
  readonly key: string | undefined;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Readonly<Record<string, string>>;
}

const ROWS: readonly (readonly [Operation, OperationRow])[] = Object.entries(OPERATIONS) as [Operation, OperationRow][];

function scopeOf({ bucketName, key }: Addressed): OperationRow['scope'] {
  if (bucketName === undefined) return 'service';
  return key === undefined ? 'bucket' : 'object';
}

/** Which operation a request means; `NotImplemented` for those that this server lacks. */
export function findOperation(request: Addressed): Operation {
  const scope = scopeOf(request);
  const fits = (row: OperationRow): boolean =>
    row.method === request.method &&
    row.scope === scope &&
    (row.query ?? []).every((name) => request.query.has(name)) &&
    (row.header === undefined || request.headers[row.header] !== undefined);
  const operation = ROWS.find(([, row]) => fits(row))?.[0];
  const known: readonly string[] = operation ? (rowOf(operation).query ?? []) : [];
  const lacking = UNKNOWN_SUBRESOURCES.find((name) => request.query.has(name) && !known.includes(name));
  if (lacking) throw new S3Error('NotImplemented', `This server has no "?${lacking}"`);
  if (operation) return operation;
  if (request.method === 'GET' && scope === 'bucket') throw new S3Error('NotImplemented', 'Only list-type=2 is implemented');
  throw new S3Error('MethodNotAllowed');
}

/** What the table says of an operation. */
export function rowOf(operation: Operation): OperationRow {
  return OPERATIONS[operation];
}
