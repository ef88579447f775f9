import type { BucketAdmin } from '../bucket/bucket-admin.ts';
import type { Bucket, RequestOptions } from '../bucket/bucket.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/codes.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import { ownRoot, registryRoot } from '../layout/keys.ts';
import { parseKey } from '../layout/parse-key.ts';
import { letsEveryoneWrite } from './bucket-policies.ts';
import type { Problem } from './findings.ts';
import { probeStore, type StoreFindings } from './probe-store.ts';

export interface BucketExamination extends RequestOptions {
  readonly bucket: Bucket;
  /** Undefined for a directory, which has no settings. */
  readonly admin: BucketAdmin | undefined;
  /** Undefined where the bucket was never made ready. */
  readonly format: BucketFormat | undefined;
  /** Names what is written to find out what the store can do; undefined: nothing is written. */
  readonly makeProbeKey: ((name: string) => ObjectKey) | undefined;
}

/** What was found with credentials. */
export interface BucketReport {
  /** Undefined where nothing was to be, or could be, written. */
  readonly store: StoreFindings | undefined;
  readonly problems: readonly Problem[];
  /** What these credentials may not look at, or the store does not know, a sentence each. */
  readonly unseen: readonly string[];
}

/** Failures after which nothing else can be looked at either. */
const ends: ReadonlySet<ErrorCode> = new Set([
  'aborted',
  'connection-failed',
  'timed-out',
  'bucket-missing',
  'credentials-missing',
  'credentials-invalid',
]);

/** Looks at what a pull does not show: what the store can do, and settings of the bucket that endanger images. */
export async function examineBucket(examination: BucketExamination): Promise<BucketReport> {
  const { bucket, admin, format, makeProbeKey, signal } = examination;
  const problems: Problem[] = format ? [] : [{ id: 'not-initialised', seen: `${bucket.location} has no record of its format` }];
  const unseen: string[] = [];
  const look = async (check: () => Promise<readonly Problem[]>): Promise<void> => {
    try {
      problems.push(...(await check()));
    } catch (error) {
      if (!hasCode(error) || ends.has(error.code)) throw error;
      unseen.push(error.message);
    }
  };
  let store: StoreFindings | undefined;
  if (makeProbeKey) {
    await look(async () => {
      store = await probeForWriting(bucket, makeProbeKey, { signal });
      return store ? judgeStore(store, bucket.location) : [{ id: 'store-refuses', seen: `Put below ${ownRoot} in ${bucket.location}` }];
    });
  }
  const options = { signal };
  // Each for itself: what one of them may not be looked at says nothing of the others.
  await look(() => checkPolicy(admin, options));
  await look(() => checkAccessBlock(admin, format, options));
  await look(() => checkLifecycle(admin, options));
  await look(() => checkVersions(admin, options));
  await look(() => checkOwnKeys(bucket, options));
  return { store, problems, unseen };
}

async function probeForWriting(
  bucket: Bucket,
  makeKey: (name: string) => ObjectKey,
  options: RequestOptions,
): Promise<StoreFindings | undefined> {
  try {
    return await probeStore(bucket, makeKey, options);
  } catch (error) {
    if (hasCode(error, 'access-denied', 'storage-read-only')) return undefined;
    throw error;
  }
}

function judgeStore(store: StoreFindings, location: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (store.conditionalPut !== 'atomic')
    problems.push({ id: 'no-conditions', seen: `Racing puts to ${location}: ${store.conditionalPut}` });
  if (!store.verifiesSha256) problems.push({ id: 'checksums-unverified', seen: `A put with a wrong SHA-256 to ${location} was taken` });
  if (!store.strongList) problems.push({ id: 'listings-lag', seen: `A listing of ${location} right after a write` });
  if (!store.multipart) problems.push({ id: 'no-multipart', seen: `Begin of an upload to ${location}` });
  return problems;
}

async function checkPolicy(admin: BucketAdmin | undefined, options: RequestOptions): Promise<readonly Problem[]> {
  const policy = await admin?.getPolicy?.(options);
  const statement = policy === undefined ? undefined : letsEveryoneWrite(policy);
  return statement === undefined ? [] : [{ id: 'writable-by-all', seen: `Statement ${JSON.stringify(statement)} of the policy` }];
}

/** Behind a domain of its own (a CDN that signs what it asks for) a bucket may well be closed. */
async function checkAccessBlock(
  admin: BucketAdmin | undefined,
  format: BucketFormat | undefined,
  options: RequestOptions,
): Promise<readonly Problem[]> {
  const block = await admin?.getPublicAccessBlock?.(options);
  if (format?.publicUrl !== undefined || !(block?.blockPublicPolicy || block?.restrictPublicBuckets)) return [];
  return [{ id: 'public-access-blocked', seen: 'BlockPublicPolicy or RestrictPublicBuckets is on' }];
}

async function checkLifecycle(admin: BucketAdmin | undefined, options: RequestOptions): Promise<readonly Problem[]> {
  const rules = await admin?.getLifecycleRules?.(options);
  if (!rules) return [];
  const problems = rules
    .filter(({ removesObjects, prefix }) => removesObjects && [registryRoot, ownRoot].some((root) => meets(root, prefix)))
    .map(({ id, prefix }): Problem => ({
      id: 'images-expire',
      seen: `Lifecycle rule ${JSON.stringify(id)} of prefix ${JSON.stringify(prefix)}`,
    }));
  if (rules.some((rule) => rule.abortsUploads)) return problems;
  return [...problems, { id: 'no-abort-rule', seen: 'No lifecycle rule aborts unfinished uploads' }];
}

async function checkVersions(admin: BucketAdmin | undefined, options: RequestOptions): Promise<readonly Problem[]> {
  if (!(await admin?.keepsVersions?.(options))) return [];
  const rules = (await admin?.getLifecycleRules?.(options)) ?? [];
  if (rules.some((rule) => rule.removesVersions)) return [];
  return [{ id: 'versions-kept', seen: 'Versioning is on, and no lifecycle rule removes old versions' }];
}

/** Whether there can be a key that begins in both ways. */
function meets(root: string, prefix: string): boolean {
  return root.startsWith(prefix) || prefix.startsWith(root);
}

/** Enough to see what does not belong there; a bucket may hold millions of markers. */
const maxListed = 2_000;

async function checkOwnKeys(bucket: Bucket, options: RequestOptions): Promise<readonly Problem[]> {
  const strange: string[] = [];
  let count = 0;
  for await (const entry of bucket.list({ ...options, prefix: ownRoot })) {
    count += 1;
    if (count > maxListed) break;
    if (entry.kind === 'object' && !parseKey(entry.key)) strange.push(entry.key);
  }
  const [first] = strange;
  if (first === undefined) return [];
  return [{ id: 'strange-keys', seen: `${strange.length} of the first ${count} keys, such as ${JSON.stringify(first.slice(0, 200))}` }];
}
