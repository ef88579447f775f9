import type { WriteCondition } from '../bucket/bucket.ts';
import type { ListedPart, MultipartUploads, UploadedPart, UploadHandle } from '../bucket/multipart-uploads.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { blobHeaders } from '../layout/objects.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { partBytes, type PartRange, planParts } from '../parallel/part-plan.ts';
import type { Resending, SendPart } from '../parallel/part-attempts.ts';
import { sendParts } from '../parallel/send-parts.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import { createPartProofs, digestOfSource, isMd5Of, type PartProofs } from './adopt-part.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import type { UploadNotes } from './upload-journal.ts';

/*
 * A large blob goes up in parts, straight onto its final key.
 *
 * Objects: the blob's key, and unfinished uploads of that key, which no reader sees. Any process may continue any upload of the key that has the parts of the published function.
 *
 * Order: list the uploads of the key and take over the one that has most of the parts, else create one (also beside the listing, where none is likely to be found: see
 * `blob-search.ts`) → send what is missing, many parts at once, while one reader digests
 * the whole → only when size and digest of the whole were found right, complete, naming the ETags of parts that this process sent itself or has compared with its own
 * bytes: by the SHA-256 or the MD5 that the store lists, or by what this machine noted when it sent the part (`UploadJournal`), never by a CRC and never by what a listing alone says. The store
 * refuses a Complete that names a part which somebody replaced meanwhile.
 *
 * A crash at any point before Complete leaves an upload that nobody sees and the next push continues; after it, a blob that is right. Two who push the same blob
 * at once may share one upload: the first Complete wins, the other finds the upload gone and the blob there.
 */

export interface BlobUpload extends RequestOptions {
  readonly key: ObjectKey;
  readonly blob: Descriptor;
  readonly source: ByteSource;
  readonly partSize: number;
  readonly multipart: MultipartUploads;
  /** What a search before this call came upon: it is not searched again, unless others come between. */
  readonly found?: FoundUpload | undefined;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called with the number of bytes that an upload which broke off left there, and that are kept. */
  readonly onKept?: ((bytes: number) => void) | undefined;
  /** Takes up the uploads that this process creates, while they are unfinished. */
  readonly unfinished: Set<UploadHandle>;
}

/** What is known of an upload before its bytes are. */
export type NewUpload = Pick<BlobUpload, 'key' | 'blob' | 'partSize' | 'multipart' | 'unfinished' | 'signal'>;

/** Times that an upload is looked for anew when others replaced its parts, completed or aborted it. */
const maxRounds = 4;

/**
 * Sends a blob in parts and makes it visible.
 * @throws RegistryError `digest-mismatch`, `size-mismatch` (nothing became visible), and what the store throws
 */
export async function uploadBlob(context: RepositoryContext, upload: BlobUpload): Promise<void> {
  const plan = planParts(upload.blob.size, upload.partSize);
  for (let round = 1; ; round += 1) {
    let opening: Promise<UploadNotes> | undefined;
    try {
      const search = round === 1 && upload.found ? upload.found : await findUpload(upload);
      const { handle, listed } = search.upload ?? (await createUpload(context, upload, plan.length));
      // What a further round finds there, this process sent itself
      const onKept = round === 1 ? upload.onKept : undefined;
      opening = context.journal?.open(handle);
      const proofs = createPartProofs(opening);
      const parts = await sendParts(upload.source, upload.blob, plan, createSend(context, upload, { handle, listed, onKept, proofs }), {
        budget: context.budget,
        connections: context.connections,
        digestFile: context.digestFile,
        signal: upload.signal,
        onProgress: upload.onProgress,
        resending: createResending(context, upload, handle),
      });
      await completeUpload(context, upload, handle, parts);
      await context.journal?.forget(handle);
      return;
    } catch (error) {
      if (hasCode(error, ...maybeDone) && (await isThere(context, upload))) return;
      if (round === maxRounds || !hasCode(error, 'upload-missing', 'part-invalid', 'write-conflict')) throw error;
    } finally {
      await opening;
    }
  }
}

/** Failures after which the blob may be there all the same: it must be looked at. */
const maybeDone = [
  'upload-missing',
  'precondition-failed',
  'write-conflict',
  'timed-out',
  'connection-failed',
  'store-unavailable',
  'response-invalid',
  'throttled',
] as const;

/** What a search for unfinished uploads came upon; none that is worth continuing, perhaps. */
export interface FoundUpload {
  readonly upload: OpenUpload | undefined;
}

export interface OpenUpload {
  readonly handle: UploadHandle;
  /** Parts that are there, by number. */
  readonly listed: ReadonlyMap<number, ListedPart>;
}

/** Begins an upload, which `uploadBlob` goes on with if it is told, and opens connections for its parts. */
export async function createUpload({ connections }: RepositoryContext, upload: NewUpload, parts: number): Promise<OpenUpload> {
  const { key, blob, partSize, multipart, unfinished, signal } = upload;
  const free = Math.min(parts, connections.limit - connections.inUse);
  const handle = await multipart.create(key, { ...blobHeaders(blob.digest), size: blob.size, partSize, connections: free, signal });
  unfinished.add(handle);
  return { handle, listed: new Map() };
}

/** Of the unfinished uploads whose parts are those that this one would have, finds the one with most of them; one without any is no gain. */
export async function findUpload({
  key,
  blob,
  partSize,
  multipart,
  signal,
}: Pick<BlobUpload, 'key' | 'partSize' | 'multipart' | 'signal'> & { readonly blob: Pick<Descriptor, 'size'> }): Promise<FoundUpload> {
  const plan = planParts(blob.size, partSize);
  let best: OpenUpload | undefined;
  try {
    for await (const { uploadId } of multipart.listUploads(key, { signal })) {
      const handle = { key, uploadId };
      const listed = await listPlannedParts(multipart, handle, plan, signal);
      if (listed && listed.size > (best?.listed.size ?? 0)) best = { handle, listed };
    }
  } catch (error) {
    // Who may write need not be allowed to list uploads: then each push begins anew.
    if (!hasCode(error, 'access-denied', 'operation-unsupported')) throw error;
  }
  return { upload: best };
}

/** The parts of an upload; undefined if it has other parts than the plan, or is gone. */
async function listPlannedParts(
  multipart: MultipartUploads,
  handle: UploadHandle,
  plan: readonly PartRange[],
  signal: AbortSignal | undefined,
): Promise<Map<number, ListedPart> | undefined> {
  const listed = new Map<number, ListedPart>();
  try {
    for await (const part of multipart.listParts(handle, { signal })) {
      const planned = plan[part.partNumber - 1];
      if (!planned || partBytes(planned) !== part.size) return undefined;
      listed.set(part.partNumber, part);
    }
  } catch (error) {
    if (hasCode(error, 'upload-missing')) return undefined;
    throw error;
  }
  return listed;
}

function createSend(
  { bucket }: RepositoryContext,
  { multipart }: BlobUpload,
  { handle, listed, onKept, proofs }: OpenUpload & Pick<BlobUpload, 'onKept'> & { readonly proofs: PartProofs },
): SendPart<UploadedPart> {
  return async ({ partNumber }, { bytes, outgoing }, signal) => {
    const there = listed.get(partNumber);
    if (there && (await proofs.isProven(there, bytes))) {
      onKept?.(bytes.size);
      return { partNumber, etag: there.etag };
    }
    const { verifiesSha256, protectsBodies } = bucket.abilities;
    const sha256 = verifiesSha256 && !protectsBodies ? await digestOfSource('sha256', bytes) : undefined;
    const sent = await multipart.putPart(handle, partNumber, outgoing, { signal, sha256 });
    await proofs.keep(sent, bytes);
    return sent;
  };
}

/**
 * A part that is late is sent again under the same number, with the same bytes; whichever request the store carries out last stays. Where the ETag is the MD5 of the bytes, both
 * have the same one, and the slower request can be aborted unseen. Where it is not (keys of a KMS), its end is waited for, and the store is asked which ETag holds.
 */
function createResending({ clock }: RepositoryContext, { multipart, signal }: BlobUpload, handle: UploadHandle): Resending<UploadedPart> {
  return {
    clock,
    isOnlyAnswer: async (bytes, { etag }) => isMd5Of(etag, bytes),
    async findLast({ partNumber }, results) {
      for await (const part of multipart.listParts(handle, { signal })) {
        const last = part.partNumber === partNumber ? results.find(({ etag }) => etag === part.etag) : undefined;
        if (last) return last;
      }
      throw new BucketError(
        'part-invalid',
        `Cannot tell which answer to part ${partNumber} of "${handle.key}" holds: the store lists neither`,
      );
    },
  };
}

async function completeUpload(
  context: RepositoryContext,
  upload: BlobUpload,
  handle: UploadHandle,
  parts: readonly UploadedPart[],
): Promise<void> {
  const { multipart, unfinished, signal } = upload;
  const complete = async (condition: WriteCondition): Promise<void> => {
    await multipart.complete(handle, parts, { ...condition, signal });
    unfinished.delete(handle);
  };
  if (context.bucket.abilities.conditionalPut !== 'atomic') return complete({});
  try {
    await complete({ ifNoneMatch: '*' });
  } catch (error) {
    if (!hasCode(error, 'precondition-failed')) throw error;
    const there = await context.bucket.head(upload.key, { signal });
    // Something of another size stands there: damaged, and no reader could use it.
    if (there && there.size !== upload.blob.size) return complete({ ifMatch: there.etag });
    throw error;
  }
}

/** Looks whether somebody (perhaps we ourselves, unheard) made the blob visible; then an upload of ours that is left over is ended. */
async function isThere({ bucket, journal }: RepositoryContext, { key, blob, multipart, unfinished, signal }: BlobUpload): Promise<boolean> {
  if ((await bucket.head(key, { signal }))?.size !== blob.size) return false;
  for (const handle of unfinished) {
    if (handle.key !== key) continue;
    await multipart.abort(handle, { signal });
    await journal?.forget(handle);
    unfinished.delete(handle);
  }
  return true;
}
