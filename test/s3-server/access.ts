import type { CallHead } from './call.ts';
import { S3Error } from './errors.ts';
import { evaluatePolicy, type PolicyQuestion } from './policy.ts';
import type { Bucket } from './store.ts';
import { parseDocument, textOf } from './xml.ts';

export type PublicAccessBlockFlag = 'BlockPublicAcls' | 'IgnorePublicAcls' | 'BlockPublicPolicy' | 'RestrictPublicBuckets';

/** Whether a bucket's public access block has a flag set. */
export function blocksPublic(bucket: Bucket | undefined, flag: PublicAccessBlockFlag): boolean {
  const text = bucket?.settings.get('publicAccessBlock');
  if (text === undefined) return false;
  return textOf(parseDocument(Buffer.from(text), 'PublicAccessBlockConfiguration'), flag) === 'true';
}

function contextOf({ request }: CallHead): Record<string, string> {
  const names = ['prefix', 'delimiter', 'max-keys'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = request.query.get(name);
      return value === undefined ? [] : [[`s3:${name}`, value]];
    }),
  );
}

/**
 * Whether a caller may do something: not where the bucket's policy or the caller's own denies it; else the owner
 * always, and others where either policy allows it. Anonymous callers have the bucket's policy only, and not even
 * that where the public access block restricts the bucket.
 */
export function isAllowed(call: CallHead, action: string, bucket: Bucket | undefined, key?: string): boolean {
  const resource = `arn:aws:s3:::${bucket?.name ?? call.request.bucketName ?? '*'}${key === undefined ? '' : `/${key}`}`;
  const question: PolicyQuestion = { action, resource, context: contextOf(call) };
  const policies = [bucket?.policy, call.caller?.policy];
  const verdicts = policies.flatMap((policy) => (policy ? [evaluatePolicy(policy, question)] : []));
  if (verdicts.includes('deny')) return false;
  if (call.caller && !call.caller.policy) return true;
  if (!call.caller && blocksPublic(bucket, 'RestrictPublicBuckets')) return false;
  return verdicts.includes('allow');
}

/** Throws `AccessDenied` where `isAllowed` says no. */
export function demandAccess(call: CallHead, action: string, bucket: Bucket | undefined, key?: string): void {
  if (!isAllowed(call, action, bucket, key)) throw new S3Error('AccessDenied');
}

/** What a missing key is answered with: some stores hide it from those who may not list. */
export function createMissingKeyError(call: CallHead, bucket: Bucket, key: string): S3Error {
  const isHidden = call.service.personality.hidesMissingKeys && !isAllowed(call, 's3:ListBucket', bucket);
  return isHidden ? new S3Error('AccessDenied') : new S3Error('NoSuchKey', undefined, { elements: { Key: key } });
}
