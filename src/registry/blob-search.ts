import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { FoundUpload, OpenUpload } from './blob-upload.ts';
import type { Blobs } from './blobs.ts';
import type { RequestOptions } from './repository-context.ts';

/** What was found of a blob. */
export interface BlobFinding {
  /** Whether it is there with its size. */
  readonly isThere: boolean;
  /** Whether there is nothing under its key, not even something damaged. */
  readonly isMissed: boolean;
  /** What its upload goes on with. */
  readonly upload?: FoundUpload | undefined;
  /** What was created in vain; to be aborted. */
  readonly superfluous?: UploadHandle | undefined;
}

export interface BlobSearchOptions extends RequestOptions {
  /** Takes up an upload that is created beside the search, for a blob that is probably not there; none is created, if left out. */
  readonly createdAhead?: Set<UploadHandle> | undefined;
}

/**
 * Looks for a blob, for unfinished uploads of it and, where told to, begins a new one: all at once, though what comes back of two of them is in vain, since each after the other costs
 * a way there and back before the first byte of a layer can go. A crash leaves an upload that was begun, empty and unseen.
 */
export async function searchBlob(
  blobs: Pick<Blobs, 'head' | 'findUpload' | 'createUpload'>,
  blob: Descriptor,
  { createdAhead, signal }: BlobSearchOptions = {},
): Promise<BlobFinding> {
  const create = async (): Promise<OpenUpload | undefined> =>
    createdAhead && blobs.createUpload(blob, { unfinished: createdAhead, signal });
  const [head, found, created] = await Promise.allSettled([
    blobs.head(blob.digest, { signal }),
    blobs.findUpload(blob, { signal }),
    create(),
  ]);
  if (head.status === 'rejected') throw head.reason;
  const finding = { isThere: head.value === blob.size, isMissed: head.value === undefined };
  if (!finding.isThere && found.status === 'rejected') throw found.reason;
  const upload = found.status === 'fulfilled' ? found.value : undefined;
  // A creation that failed is tried again when the blob is sent, and then says why
  const ours = created.status === 'fulfilled' ? created.value : undefined;
  if (ours && !finding.isThere && !upload?.upload) return { ...finding, upload: { upload: ours } };
  return { ...finding, upload, superfluous: ours?.handle };
}
