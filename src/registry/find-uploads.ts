import type { Bucket } from '../bucket/bucket.ts';
import type { ListedUpload, MultipartUploads } from '../bucket/multipart-uploads.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import { blobsPrefix, formatKey, registryRoot, stagingRoot } from '../layout/keys.ts';
import { stagingHeaders } from '../layout/objects.ts';
import { parseKey } from '../layout/parse-key.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import type { RequestOptions } from './repository-context.ts';

/** Keys that are asked for at once. */
const maxAsked = 16;
const probePartBytes = 5 * 1024 * 1024;

export interface FindUploadsOptions extends RequestOptions {
  /** Only those of this repository; of all repositories, and what is staged for any of them, if left out. */
  readonly name?: RepositoryName | undefined;
  /** Keys that uploads are known to have been begun under, for stores that tell uploads of single keys only. */
  readonly knownKeys?: Iterable<string> | undefined;
}

/** Unfinished uploads of blobs. */
export interface FoundUploads {
  readonly uploads: readonly ListedUpload[];
  /** How many keys were asked for one by one, since the store tells no more: uploads of other keys are not among these. Undefined where the store told all. */
  readonly keysAsked?: number | undefined;
}

/**
 * Finds the unfinished uploads of blobs and of what is staged. A store that tells only those of single keys (MinIO) is asked for the key of each blob that is there, and for the keys that
 * the caller knows. An upload that another machine began, of a blob that never became visible, cannot be seen there by anybody.
 */
export async function findUploads(bucket: Bucket, { name, knownKeys = [], signal }: FindUploadsOptions): Promise<FoundUploads> {
  const { multipart } = bucket;
  if (!multipart) return { uploads: [] };
  const prefixes = name === undefined ? [registryRoot, stagingRoot] : [blobsPrefix(name)];
  const listed: ListedUpload[] = [];
  for (const prefix of prefixes) listed.push(...(await Array.fromAsync(multipart.listUploadsBelow(prefix, { signal }))));
  if (listed.length > 0 || (await listsUploadsBelow(multipart, signal))) return { uploads: listed.filter(isOurs) };

  const keys = new Set<ObjectKey>();
  for (const known of knownKeys) {
    const spec = prefixes.some((prefix) => known.startsWith(prefix)) ? parseKey(known) : undefined;
    if (spec) keys.add(formatKey(spec));
  }
  for await (const entry of bucket.list({ prefix: prefixes[0], signal })) {
    if (entry.kind === 'object' && parseKey(entry.key)?.kind === 'blob') keys.add(entry.key);
  }
  const uploads: ListedUpload[] = [];
  await forEachConcurrently(
    keys,
    maxAsked,
    async (key, one) => void uploads.push(...(await Array.fromAsync(multipart.listUploads(key, { signal: one })))),
    signal,
  );
  return { uploads: uploads.filter(isOurs), keysAsked: keys.size };
}

function isOurs({ key }: ListedUpload): boolean {
  const kind = parseKey(key)?.kind;
  return kind === 'blob' || kind === 'staging';
}

/** Begins an upload, looks whether a listing of many keys shows it, and ends it: an empty listing says nothing by itself. */
async function listsUploadsBelow(multipart: MultipartUploads, signal: AbortSignal | undefined): Promise<boolean> {
  const key = formatKey({ kind: 'staging', id: `probe-${crypto.randomUUID()}` });
  try {
    const { uploadId } = await multipart.create(key, { ...stagingHeaders(), partSize: probePartBytes, signal });
    try {
      for await (const listed of multipart.listUploadsBelow(stagingRoot, { signal })) if (listed.uploadId === uploadId) return true;
      return false;
    } finally {
      await multipart.abort({ key, uploadId });
    }
  } catch (error) {
    // Who may list and abort need not be allowed to begin: then it stays unknown.
    if (hasCode(error, 'access-denied')) return false;
    throw error;
  }
}
