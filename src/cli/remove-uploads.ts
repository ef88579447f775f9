import type { Bucket } from '../bucket/bucket.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { type CleanedUploads, cleanUploads } from '../registry/clean-uploads.ts';
import { openUploadJournal } from '../runtime/open-upload-journal.node.ts';
import { openBucket } from '../runtime/open-bucket.node.ts';
import { type PlaceOptions, resolveBucket, resolveBucketPlace, type ResolvedBucketPlace } from '../runtime/resolve-place.node.ts';
import { systemClock } from '../streams/clock.ts';
import { formatPlace } from '../transports/place.ts';
import type { CommandContext } from './command.ts';
import { formatCount, formatDuration } from './output/format-quantity.ts';
import { parseDuration } from './parse-duration.ts';

/** The JSON result of `bucketry rm --uploads`. */
export interface RemovedUploads {
  readonly reference: string;
  readonly isDryRun: boolean;
  readonly uploads: readonly { readonly key: string; readonly uploadId: string; readonly initiated: string }[];
  readonly staged: readonly string[];
  readonly kept: number;
  readonly keysAsked?: number | undefined;
}

export interface RemoveUploadsFlags {
  readonly olderThan: string;
  readonly isDryRun: boolean;
  readonly bucket: string | undefined;
}

/** Removes what pushes left in a bucket, or for one repository of it, that never ended. */
export async function removeUploads(
  ref: string | undefined,
  { olderThan, isDryRun, bucket: defaultBucket }: RemoveUploadsFlags,
  { environment, output, signal }: Pick<CommandContext, 'environment' | 'output' | 'signal'>,
): Promise<void> {
  const graceMs = parseDuration('older-than', olderThan);
  const place = await resolveWhole(ref, { bucket: defaultBucket, environment });
  const temporaryGraceMs = isDryRun || place.repository !== undefined ? undefined : graceMs;
  const bucket = await openBucket(place.address, { environment, signal, forWriting: true, temporaryGraceMs });
  try {
    const journal = await openUploadJournal(place.address, bucket.location, environment);
    const knownKeys = await journal?.listKeys();
    const cleaned = await cleanUploads(bucket, { name: place.repository, knownKeys, nowMs: systemClock.now(), graceMs, isDryRun, signal });
    if (!isDryRun) for (const upload of cleaned.aborted) await journal?.forget(upload);
    const result = describeResult(place, isDryRun, cleaned);
    output.result(result, formatResult(result, graceMs));
    if (cleaned.keysAsked !== undefined) output.note(explainKeys(bucket, cleaned.keysAsked));
  } finally {
    await bucket.close();
  }
}

/** A bucket, or a repository without a tag. */
async function resolveWhole(ref: string | undefined, options: PlaceOptions): Promise<ResolvedBucketPlace> {
  const place = ref === undefined ? await resolveBucket(undefined, options) : await resolveBucketPlace(ref, options);
  if ((place.tag ?? place.digest) === undefined) return place;
  throw new RegistryError('reference-invalid', `Cannot remove the uploads of "${formatPlace(place)}": wanted a bucket or a repository`, {
    hint: 'An upload belongs to no tag: leave the tag or digest out.',
  });
}

function describeResult(place: ResolvedBucketPlace, isDryRun: boolean, cleaned: CleanedUploads): RemovedUploads {
  const uploads = cleaned.aborted.map(({ key, uploadId, initiated }) => ({ key, uploadId, initiated: initiated.toISOString() }));
  return {
    reference: formatPlace(place),
    isDryRun,
    uploads: uploads.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    staged: cleaned.deleted.toSorted(),
    kept: cleaned.kept,
    keysAsked: cleaned.keysAsked,
  };
}

function formatResult({ isDryRun, uploads, staged, kept }: RemovedUploads, graceMs: number): string {
  const verb = isDryRun ? 'Would remove' : 'Removed';
  const counts = `${formatCount(uploads.length, 'unfinished upload')} and ${formatCount(staged.length, 'staged object')}`;
  return [
    ...uploads.map(({ key, initiated }) => `${verb} the upload of ${key}, begun ${initiated}`),
    ...staged.map((key) => `${verb} ${key}`),
    `${verb} ${counts}${kept === 0 ? '' : `; ${kept} younger than ${formatDuration(graceMs)} kept`}`,
  ].join('\n');
}

function explainKeys({ location }: Bucket, keysAsked: number): string {
  return [
    `${location} tells unfinished uploads of single keys only, so ${formatCount(keysAsked, 'key')} of blobs that are there, or that this machine began to send, were asked for.`,
    'Uploads that other machines began, of blobs that are not there, cannot be seen: a lifecycle rule ends them (MinIO does so after a day by itself).',
  ].join(' ');
}
