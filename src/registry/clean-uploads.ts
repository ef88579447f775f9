import type { Bucket } from '../bucket/bucket.ts';
import type { ListedUpload } from '../bucket/multipart-uploads.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { stagingRoot } from '../layout/keys.ts';
import { parseKey } from '../layout/parse-key.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { findUploads, type FindUploadsOptions } from './find-uploads.ts';
import type { RequestOptions } from './repository-context.ts';

/** Time after which an upload or a staged object counts as left behind, where nothing else is said: a day, from which on anybody may delete it. */
const uploadGraceMs = 24 * 60 * 60_000;
/** Uploads that are aborted at once. */
const maxAborts = 16;

export interface CleanUploadsOptions extends FindUploadsOptions {
  /** The time now, by the store's clock or one that is about right. */
  readonly nowMs: number;
  /** Age up to which what is there is left alone; a day if left out. */
  readonly graceMs?: number | undefined;
  /** Only tells what it would remove. */
  readonly isDryRun?: boolean | undefined;
}

/** What was cleaned up, and what was not. */
export interface CleanedUploads {
  readonly aborted: readonly ListedUpload[];
  /** Objects that waited for their digest. */
  readonly deleted: readonly ObjectKey[];
  /** Uploads and staged objects that are younger than the grace period. */
  readonly kept: number;
  /** See `FoundUploads`. */
  readonly keysAsked?: number | undefined;
}

/**
 * Aborts unfinished uploads of blobs that are older than a grace period, deletes objects that were staged before it, and so frees what pushes left that were killed. What others
 * put there, under keys that are no blob's, is left alone.
 *
 * A push that is still at work on an upload which is aborted all the same (it took longer than the grace period) finds it gone and begins anew, or fails where the upload was a staged one; nothing
 * wrong becomes visible.
 */
export async function cleanUploads(bucket: Bucket, options: CleanUploadsOptions): Promise<CleanedUploads> {
  const { name, nowMs, graceMs = uploadGraceMs, isDryRun = false, signal } = options;
  const isOld = (time: Date): boolean => nowMs - time.getTime() > graceMs;
  const { uploads, keysAsked } = await findUploads(bucket, options);
  const staged = name === undefined ? await listStaged(bucket, { signal }) : [];
  const aborted = uploads.filter(({ initiated }) => isOld(initiated));
  const deleted = staged.filter(({ lastModified }) => isOld(lastModified)).map(({ key }) => key);
  const kept = uploads.length + staged.length - aborted.length - deleted.length;
  if (!isDryRun) {
    await forEachConcurrently(aborted, maxAborts, async (upload, one) => bucket.multipart?.abort(upload, { signal: one }), signal);
    await bucket.deleteMany(deleted, { signal });
  }
  return { aborted, deleted, kept, keysAsked };
}

async function listStaged(bucket: Bucket, { signal }: RequestOptions): Promise<{ readonly key: ObjectKey; readonly lastModified: Date }[]> {
  const staged: { readonly key: ObjectKey; readonly lastModified: Date }[] = [];
  for await (const entry of bucket.list({ prefix: stagingRoot, signal })) {
    if (entry.kind === 'object' && parseKey(entry.key)?.kind === 'staging') staged.push(entry);
  }
  return staged;
}
