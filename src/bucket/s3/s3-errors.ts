import { BucketError } from '../../errors/bucket-error.ts';
import type { BucketErrorCode } from '../../errors/codes.ts';
import { S3Answer } from './s3-answer.ts';

interface Explanation {
  readonly code: BucketErrorCode;
  readonly words: string;
  readonly hint?: string | undefined;
}

/** What a refusal is explained from, beside the answer itself. */
export interface RefusalContext {
  /** What failed, with what it failed on: `read "v2/…"`. */
  readonly action: string;
  /** `s3://BUCKET`. */
  readonly location: string;
  /** The region that the request was signed for. */
  readonly region: string;
  readonly isAnonymous: boolean;
  /** Absent: the request was about the bucket. */
  readonly key?: string | undefined;
  readonly method: string;
}

const denied: Explanation = {
  code: 'access-denied',
  words: 'access was denied',
  hint: 'The store knows these credentials, but its policies do not let them do this.',
};
const hiddenHint =
  'The credentials may not read this, or the key does not exist: S3 hides that from those who may not list the bucket (s3:ListBucket).';
const anonymousHint = 'The request was not signed: give credentials, or make the bucket readable for everyone.';
const unknownKeyId: Explanation = {
  code: 'credentials-invalid',
  words: 'the store does not know the access key id',
  hint: 'Check AWS_ACCESS_KEY_ID or the profile, and that its keys belong to this endpoint.',
};
const wrongSecret: Explanation = {
  code: 'credentials-invalid',
  words: 'the signature does not match: the secret access key is wrong',
  hint: 'Check AWS_SECRET_ACCESS_KEY or the profile; it must belong to the access key id.',
};
const wrongToken: Explanation = {
  code: 'credentials-invalid',
  words: 'the session token has expired or is not valid',
  hint: 'Log in again, or unset AWS_SESSION_TOKEN where the credentials have none.',
};
const skewed: Explanation = {
  code: 'clock-skewed',
  words: "this machine's clock is too far from the store's",
  hint: 'Set the clock of this machine.',
};
const otherRegion: Explanation = {
  code: 'wrong-region',
  words: 'the bucket is in another region',
  hint: "Give the bucket's region (AWS_REGION, or ?region= in its place) and the endpoint that goes with it.",
};
const noBucket: Explanation = {
  code: 'bucket-missing',
  words: 'there is no such bucket',
};
const noKey: Explanation = { code: 'object-missing', words: 'there is no such object' };
const noSetting: Explanation = { code: 'object-missing', words: 'nothing is set' };
const noUpload: Explanation = { code: 'upload-missing', words: 'there is no such upload' };
const wrongPart: Explanation = { code: 'part-invalid', words: 'a part is missing, too small, or not the one that was named' };
const unlikeBytes: Explanation = { code: 'checksum-mismatch', words: 'what arrived is not what was sent' };
const tooLarge: Explanation = { code: 'object-too-large', words: 'it is larger than the store takes' };
const keyUnfit: Explanation = {
  code: 'key-invalid',
  words: 'the store cannot hold this key',
  hint: 'Some stores keep files, and can hold no key below another key.',
};
const conditionFailed: Explanation = { code: 'precondition-failed', words: 'the object is not as the condition wants it' };
const conflict: Explanation = { code: 'write-conflict', words: 'another write of the same key is under way' };
const unsupported: Explanation = { code: 'operation-unsupported', words: 'the store does not know this operation or condition' };
const throttled: Explanation = { code: 'throttled', words: 'the store asks to slow down' };
const unavailable: Explanation = { code: 'store-unavailable', words: 'the store failed' };
const full: Explanation = { code: 'storage-full', words: 'the store is full, or the quota is used up' };
const timedOut: Explanation = { code: 'timed-out', words: 'the store waited too long for our bytes' };
const readOnly: Explanation = { code: 'storage-read-only', words: 'the store takes no writes' };
const badName: Explanation = { code: 'location-invalid', words: 'the store takes no bucket of this name' };
const badRange: Explanation = { code: 'range-invalid', words: 'the range lies outside the object' };
const nameTaken: Explanation = {
  code: 'access-denied',
  words: 'the name of the bucket is taken by somebody else',
  hint: 'Bucket names are shared by everyone: choose another.',
};

/** S3's error codes, and those of MinIO and versitygw where they have their own. */
const byS3Code: Readonly<Record<string, Explanation>> = {
  AccessDenied: denied,
  AllAccessDisabled: denied,
  AccountProblem: denied,
  InvalidAccessKeyId: unknownKeyId,
  XAdminUserNotFound: unknownKeyId,
  Unauthorized: unknownKeyId,
  SignatureDoesNotMatch: wrongSecret,
  ExpiredToken: wrongToken,
  InvalidToken: wrongToken,
  TokenRefreshRequired: wrongToken,
  RequestTimeTooSkewed: skewed,
  PermanentRedirect: otherRegion,
  AuthorizationHeaderMalformed: otherRegion,
  AuthorizationQueryParametersError: otherRegion,
  IllegalLocationConstraintException: otherRegion,
  InvalidLocationConstraint: otherRegion,
  InvalidRegion: otherRegion,
  TemporaryRedirect: { ...unavailable, words: 'the bucket is being moved, or is too new', hint: 'Try again in some minutes.' },
  NoSuchBucket: noBucket,
  InvalidBucketName: badName,
  BucketAlreadyExists: nameTaken,
  NoSuchKey: noKey,
  NoSuchVersion: noKey,
  NoSuchBucketPolicy: noSetting,
  NoSuchCORSConfiguration: noSetting,
  NoSuchLifecycleConfiguration: noSetting,
  NoSuchPublicAccessBlockConfiguration: noSetting,
  NoSuchUpload: noUpload,
  InvalidPart: wrongPart,
  InvalidPartOrder: wrongPart,
  EntityTooSmall: wrongPart,
  BadDigest: unlikeBytes,
  InvalidDigest: unlikeBytes,
  XAmzContentSHA256Mismatch: unlikeBytes,
  XAmzContentChecksumMismatch: unlikeBytes,
  EntityTooLarge: tooLarge,
  MaxSizeExceeded: tooLarge,
  KeyTooLongError: keyUnfit,
  KeyTooLong: keyUnfit,
  InvalidObjectName: keyUnfit,
  XMinioInvalidObjectName: keyUnfit,
  XMinioParentIsObject: keyUnfit,
  XMinioObjectExistsAsDirectory: keyUnfit,
  ObjectParentIsFile: keyUnfit,
  ExistingObjectIsDirectory: keyUnfit,
  DirectoryObjectContainsData: keyUnfit,
  InvalidRange: badRange,
  PreconditionFailed: conditionFailed,
  ConditionalRequestConflict: conflict,
  OperationAborted: conflict,
  NotImplemented: unsupported,
  MethodNotAllowed: unsupported,
  SlowDown: throttled,
  SlowDownRead: throttled,
  SlowDownWrite: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  RequestLimitExceeded: throttled,
  TooManyRequests: throttled,
  ServiceUnavailable: unavailable,
  InternalError: unavailable,
  RequestTimeout: timedOut,
  IncompleteBody: { code: 'connection-failed', words: 'the body did not arrive whole' },
  QuotaExceeded: full,
  XMinioStorageFull: full,
  XMinioAdminBucketQuotaExceeded: full,
  XMinioReadOnlyMode: readOnly,
};

/** For answers that name no code, or one that we do not know. */
const byStatus: Readonly<Record<number, Explanation>> = {
  301: otherRegion,
  307: otherRegion,
  308: otherRegion,
  401: unknownKeyId,
  403: denied,
  405: unsupported,
  408: timedOut,
  409: conflict,
  412: conditionFailed,
  413: tooLarge,
  416: badRange,
  429: throttled,
  501: unsupported,
  507: full,
};

/** The error that a refusal becomes, with the answer itself as its cause. */
export function toBucketError(answer: S3Answer, context: RefusalContext): BucketError {
  const { code, words, hint } = explain(answer, context);
  const shown = [answer.status, answer.s3Code].filter((part) => part !== undefined).join(' ');
  return new BucketError(code, `Cannot ${context.action} in ${context.location}: ${words} (${shown})`, {
    cause: answer,
    hint,
    retryAfterMs: answer.retryAfterMs,
  });
}

/** Whether an error comes from a store's answer with one of these S3 codes. */
export function hasS3Code(error: unknown, ...s3Codes: readonly string[]): boolean {
  return error instanceof BucketError && error.cause instanceof S3Answer && s3Codes.includes(error.cause.s3Code ?? '');
}

function explain(answer: S3Answer, context: RefusalContext): Explanation {
  const found = findExplanation(answer, context);
  if (found === denied) return { ...denied, hint: hintOfDenial(context) };
  if (found === otherRegion && answer.region !== undefined && answer.region !== context.region) {
    return { ...otherRegion, words: `the bucket is in region "${answer.region}", asked was "${context.region}"` };
  }
  return found;
}

function hintOfDenial({ isAnonymous, key, method }: RefusalContext): string | undefined {
  if (isAnonymous) return anonymousHint;
  return key !== undefined && (method === 'GET' || method === 'HEAD') ? hiddenHint : denied.hint;
}

function findExplanation({ status, s3Code, words }: S3Answer, { key }: RefusalContext): Explanation {
  // The one InvalidRequest that callers must tell from the others has no code of its own
  if (s3Code === 'InvalidRequest' && /copy source is larger|larger than the maximum/i.test(words ?? '')) return tooLarge;
  // The store chooses the name, which may be one that every object has
  const known = s3Code !== undefined && Object.hasOwn(byS3Code, s3Code) ? byS3Code[s3Code] : undefined;
  if (known) return known;
  // A 404 for a reason that we do not know must not pass for a missing key: what is missing gets written
  if (status === 404 && s3Code === undefined) return key === undefined ? noBucket : noKey;
  const usual = byStatus[status];
  if (usual) return usual;
  if (status >= 500) return unavailable;
  const refusal = `the store refused the request${words === undefined ? '' : `: ${JSON.stringify(words)}`}`;
  return { code: status >= 400 ? 'operation-unsupported' : 'response-invalid', words: refusal };
}
