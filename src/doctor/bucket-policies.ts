import { abortUploadsRuleId } from '../bucket/bucket-admin.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { publicKeyPatterns, pusherKeyPatterns, readerKeyPatterns, stagingKeyPatterns } from '../layout/policy-resources.ts';

/** A policy document of S3 (IAM JSON policy, version 2012-10-17). */
export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly PolicyStatement[];
}

interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  /** Of a bucket's policy; a user's has none. */
  readonly Principal?: '*';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** A statement that someone else wrote: anything may be in it. */
interface ForeignStatement {
  readonly Sid?: unknown;
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
  readonly Action?: unknown;
}

const publicReadSid = 'BucketryPublicRead';

/** The bucket policy that lets everyone read what clients read, and nothing else: no listing, none of `_bucketry/`. */
export function publicReadPolicy(bucketName: string): Policy {
  const objects = resources(bucketName, publicKeyPatterns);
  return policy([{ Sid: publicReadSid, Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: objects }]);
}

/**
 * The bucket's policy with public reading added: other statements stay, ours is replaced.
 * @throws RegistryError `input-invalid` when the policy that is there is not JSON with statements
 */
export function addPublicRead(current: string | undefined, bucketName: string): string {
  const ours = publicReadPolicy(bucketName);
  if (current === undefined) return JSON.stringify(ours);
  const existing = parsePolicy(current);
  const statements = [existing.Statement].flat().filter((statement) => statement.Sid !== publicReadSid);
  return JSON.stringify({ ...existing, Statement: [...statements, ...ours.Statement] });
}

/**
 * Finds a statement that lets everyone write or delete objects, without any condition.
 * @returns its `Sid`, or its number if it has none; undefined where there is none
 * @throws RegistryError `input-invalid` for what is no policy
 */
export function letsEveryoneWrite(policyText: string): string | number | undefined {
  const statements: readonly ForeignStatement[] = [parsePolicy(policyText).Statement].flat();
  const index = statements.findIndex(
    ({ Effect, Principal, Condition, Action }) =>
      Effect === 'Allow' && Condition === undefined && isEveryone(Principal) && [Action].flat().some(isWritingAction),
  );
  const sid = statements[index]?.Sid;
  return index < 0 ? undefined : typeof sid === 'string' ? sid : index;
}

function isEveryone(principal: unknown): boolean {
  if (typeof principal === 'object' && principal !== null && 'AWS' in principal) return [principal.AWS].flat().includes('*');
  return principal === '*';
}

function isWritingAction(action: unknown): boolean {
  return typeof action === 'string' && /^(?:\*|s3:(?:\*|Put.*|Delete.*))$/i.test(action);
}

/**
 * The least that a user who pulls with credentials needs. Listing makes the store answer 404, not 403, for what is not there; not so where it is bound to prefixes, which a
 * read does not have.
 */
export function readerPolicy(bucketName: string): Policy {
  return policy([
    { Sid: 'BucketryRead', Effect: 'Allow', Action: ['s3:GetObject'], Resource: resources(bucketName, readerKeyPatterns) },
    { Sid: 'BucketryList', Effect: 'Allow', Action: ['s3:ListBucket'], Resource: resources(bucketName) },
  ]);
}

/** The least that a user who pushes needs. It may delete nothing that anyone can see. */
export function pusherPolicy(bucketName: string): Policy {
  return policy([
    {
      Sid: 'BucketryPush',
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      Resource: resources(bucketName, pusherKeyPatterns),
    },
    { Sid: 'BucketryStage', Effect: 'Allow', Action: ['s3:DeleteObject'], Resource: resources(bucketName, stagingKeyPatterns) },
    {
      Sid: 'BucketryList',
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
      Resource: resources(bucketName),
    },
  ]);
}

/** A lifecycle of S3, as `aws s3api put-bucket-lifecycle-configuration` takes it. */
export interface Lifecycle {
  readonly Rules: readonly object[];
}

/** The lifecycle rule that aborts uploads which nobody ended within `days`. */
export function abortUploadsLifecycle(days: number): Lifecycle {
  const rule = { ID: abortUploadsRuleId, Filter: { Prefix: '' }, Status: 'Enabled' };
  return { Rules: [{ ...rule, AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } }] };
}

function policy(statements: readonly PolicyStatement[]): Policy {
  return { Version: '2012-10-17', Statement: statements };
}

/** ARNs of key patterns, or of the bucket itself. */
function resources(bucketName: string, patterns?: readonly string[]): readonly string[] {
  const bucket = `arn:aws:s3:::${bucketName}`;
  return patterns === undefined ? [bucket] : patterns.map((pattern) => `${bucket}/${pattern}`);
}

function parsePolicy(text: string): { readonly Statement: PolicyStatement | readonly PolicyStatement[] } {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'Statement' in parsed) return parsed as { Statement: PolicyStatement[] };
  } catch (error) {
    throw new RegistryError('input-invalid', "Cannot add to the bucket's policy: it is not JSON", { cause: error });
  }
  throw new RegistryError('input-invalid', "Cannot add to the bucket's policy: it has no statements");
}
