import type { ErrorCode } from '../errors/codes.ts';

const notWhole = 'The image is not whole there: copy or push it again from where it is.';
const damaged = 'The bytes are damaged, or were changed while they were read: get them anew and try again.';
const madeWrong = 'Whatever made the image described it wrongly: make it again with a current version of that tool.';
const again = 'Run the same command again: it goes on with what is there already.';

/** What to do about errors that do not know better themselves. */
export const usualHints: Readonly<Partial<Record<ErrorCode, string>>> = {
  'bucket-missing': 'Check its name and the endpoint, or make it with "bucketry init BUCKET --create".',
  'manifest-tagged': 'Remove its tags first, or add --force, which removes them with it.',
  'manifest-invalid': madeWrong,
  'media-type-mismatch': madeWrong,
  'media-type-unsupported': madeWrong,
  'manifest-too-large': 'Move what fills the manifest, such as annotations, into a layer.',
  'digest-mismatch': damaged,
  'size-mismatch': damaged,
  'checksum-mismatch': damaged,
  'blob-missing': notWhole,
  'manifest-missing': notWhole,
  'archive-invalid': 'Make the archive again, such as with "docker save" or "skopeo copy".',
  'input-missing': 'Check the path.',
  'storage-full': `Free some space, or raise the quota. ${again}`,
  'storage-read-only': 'Choose a place that can be written to, or make this one writable.',
  throttled: again,
  'store-unavailable': again,
  'connection-failed': again,
  'timed-out': again,
  'response-invalid': again,
  'write-conflict': again,
  'tag-conflict': again,
};
