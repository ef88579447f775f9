import type { Bucket } from '../bucket/bucket.ts';
import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import { blobsPrefix, registryRoot, stagingRoot } from '../layout/keys.ts';
import { parseKey } from '../layout/parse-key.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import type { RequestOptions } from './repository-context.ts';

/** Time after which an upload counts as left behind, where nothing else is said: a day. */
const defaultGraceMs = 24 * 60 * 60_000;
/** Uploads that are aborted at once. */
const maxAborts = 16;

export interface CleanUploadsOptions extends RequestOptions {
  /** Only those of this repository; of all repositories, and what is staged for any of them, if left out. */
  readonly name?: RepositoryName | undefined;
  /** The time now, by the store's clock or one that is about right. */
  readonly nowMs: number;
  /** Age up to which an upload is left alone; a day if left out. */
  readonly graceMs?: number | undefined;
}

/** What was cleaned up, and what was not. */
export interface CleanedUploads {
  readonly aborted: readonly UploadHandle[];
  /** Uploads of blobs that are younger than the grace period. */
  readonly kept: number;
}

/**
 * Aborts unfinished uploads of blobs that are older than a grace period, and frees what they hold. An upload of others, of keys that are no blob's, is left alone, and so is
 * what the store does not list (MinIO lists uploads of single keys only: there a lifecycle rule does this).
 *
 * A push that is still at work on an upload which is aborted all the same (it took longer than the grace period) finds it gone and begins anew; nothing wrong becomes visible.
 */
export async function cleanUploads(bucket: Bucket, options: CleanUploadsOptions): Promise<CleanedUploads> {
  const { name, nowMs, graceMs = defaultGraceMs, signal } = options;
  const { multipart } = bucket;
  const aborted: UploadHandle[] = [];
  let kept = 0;
  if (!multipart) return { aborted, kept };
  const old: UploadHandle[] = [];
  for (const prefix of name === undefined ? [registryRoot, stagingRoot] : [blobsPrefix(name)]) {
    for await (const { key, uploadId, initiated } of multipart.listUploadsBelow(prefix, { signal })) {
      const kind = parseKey(key)?.kind;
      if (kind !== 'blob' && kind !== 'staging') continue;
      if (nowMs - initiated.getTime() > graceMs) old.push({ key, uploadId });
      else kept += 1;
    }
  }
  await forEachConcurrently(
    old,
    maxAborts,
    async (upload, one) => {
      await multipart.abort(upload, { signal: one });
      aborted.push(upload);
    },
    signal,
  );
  return { aborted, kept };
}
