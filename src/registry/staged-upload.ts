import type { MultipartUploads, UploadedPart, UploadHandle } from '../bucket/multipart-uploads.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { formatKey } from '../layout/keys.ts';
import { blobHeaders, stagingHeaders } from '../layout/objects.ts';
import { maxParts } from '../layout/part-size.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { digestEncoded, parseDigest } from '../oci/digest.ts';
import type { ByteLease } from '../parallel/byte-budget.ts';
import { beginPart } from '../parallel/part-attempts.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { createHasher } from '../streams/hasher.ts';
import { digestOfSource } from './adopt-part.ts';
import { copyStaged, readBack } from './staged-upload-copy.ts';
import { type CutPart, cutParts } from './cut-parts.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';

/*
 * A blob whose digest shows only when all of it was read (a layer that is being compressed) goes up beside `v2/`, and gets its name when it has one.
 *
 * Objects: a staging key of a random id, which no other process looks for; the blob's key.
 *
 * Order: read the first part; if the stream ends with it, put it under its digest, and all is done. Else begin an upload of the staging key and send parts of one size, many
 * at once, while one reader digests the whole → at the stream's end look whether the blob is there already; then all is done → complete the staged upload, naming the ETags of the
 * parts that this process sent → the store copies the staged object to the blob's key → the staged object is deleted. A store that cannot copy is read back, verified; one that
 * has no uploads in parts is sent what a first reading has digested.
 *
 * What fails, the stream's own last word included (a layer that is not the one it should be), fails before the copy: nothing was visible. A crash leaves an upload or an object
 * below the staging root, which nobody reads, and which anybody may delete after a day.
 */

/** Bytes whose digest and size show when they are read; each opening gives the same ones. */
export interface UnknownBlob {
  open(options?: RequestOptions): ByteStream;
}

/** What they turned out to be. */
export type BlobContent = Pick<Descriptor, 'digest' | 'size'>;

/** Stores a blob whose digest is known (see `Blobs.put`). */
export type PutKnownBlob = (blob: BlobContent, source: ByteSource, options: RequestOptions) => Promise<void>;

/** What one request carries, and what is kept in memory to see whether it was all; 10,000 of them are 78 GiB. */
const stagedPartBytes = 8 * 1024 * 1024;
/** Failures after which the blob may be there all the same: two who push one blob at once hinder each other. */
const maybeDone = ['throttled', 'write-conflict', 'upload-missing', 'precondition-failed'] as const;

/**
 * Stores a blob of unknown digest; it becomes visible only after the stream ended without a failure. Memory is taken from the byte budget, part by part. On failure what was
 * staged is removed.
 * @throws BucketError `object-too-large` past 10,000 parts; what the stream and the store throw
 */
export async function putUnknownBlob(
  context: RepositoryContext,
  blob: UnknownBlob,
  putKnownBlob: PutKnownBlob,
  { signal }: RequestOptions = {},
): Promise<BlobContent> {
  const { bucket, budget, partSizeBytes = stagedPartBytes } = context;
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const { stream, content } = digestWhileRead(blob.open({ signal: stop }));
  const { multipart } = bucket;
  if (!multipart) {
    for await (const _ of stream);
    await putKnownBlob(content(), { ...content(), seekable: false, open: (options) => blob.open(options) }, { signal });
    return content();
  }
  const partSize = Math.max(partSizeBytes, bucket.abilities.minPartBytes);
  const held = new Set<ByteLease>();
  const acquire = async (bytes: number): Promise<ByteLease> => {
    const lease = await budget.acquire(bytes, stop);
    held.add(lease);
    return lease;
  };
  const parts = cutParts(stream, partSize, acquire);
  try {
    const { value: first } = await parts.next();
    if (first?.isLast === true) await putOnlyPart(context, content(), first, signal);
    else await putStaged({ context, multipart, partSize, failure, stop, signal }, concat(first, parts), content, putKnownBlob);
    return content();
  } finally {
    await parts.return(undefined);
    for (const lease of held) lease.release();
  }
}

/** Passes bytes on, and tells at their end what they were. */
function digestWhileRead(stream: ByteStream): { readonly stream: ByteStream; readonly content: () => BlobContent } {
  const hasher = createHasher('sha256');
  let size = 0;
  async function* read(): ByteStream {
    for await (const chunk of stream) {
      hasher.update(chunk);
      size += chunk.byteLength;
      yield chunk;
    }
  }
  return { stream: read(), content: () => ({ digest: parseDigest(`sha256:${hasher.hex()}`), size }) };
}

async function putOnlyPart(
  context: RepositoryContext,
  blob: BlobContent,
  { bytes }: CutPart,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { bucket, connections } = context;
  const options = { ...blobHeaders(blob.digest), sha256: digestEncoded(blob.digest), signal };
  await unlessThere(context, blob, signal, () =>
    connections.run((carry) => bucket.put(blobKey(context, blob), { ...bytes, open: (open) => carry(bytes.open(open)) }, options), {
      signal,
    }),
  );
}

interface Staging {
  readonly context: RepositoryContext;
  readonly multipart: MultipartUploads;
  readonly partSize: number;
  /** Ends the reading, and every part on its way. */
  readonly failure: AbortController;
  readonly stop: AbortSignal;
  /** The caller's own. */
  readonly signal: AbortSignal | undefined;
}

async function putStaged(
  staging: Staging,
  parts: AsyncIterable<CutPart>,
  content: () => BlobContent,
  putKnownBlob: PutKnownBlob,
): Promise<void> {
  const { context, multipart, partSize, signal } = staging;
  const { bucket } = context;
  const key = formatKey({ kind: 'staging', id: crypto.randomUUID() });
  const upload = await multipart.create(key, { ...stagingHeaders(), partSize, signal });
  // Only so that a clean-up knows the key: some stores tell it to nobody
  await context.journal?.open(upload);
  let isUpload = true;
  let mayBeObject = false;
  try {
    const sent = await sendStagedParts(staging, upload, parts);
    await unlessThere(context, content(), signal, async () => {
      mayBeObject = true;
      await multipart.complete(upload, sent, { signal });
      isUpload = false;
      if (await copyStaged(context, key, blobKey(context, content()), content(), { signal })) return;
      await putKnownBlob(content(), readBack(context, key, content()), { signal });
    });
  } finally {
    // Not with the signal, which may be what stopped us. What cannot be removed is of no harm, and goes after a day.
    if (isUpload) await multipart.abort(upload).catch(() => undefined);
    if (mayBeObject) await bucket.delete(key).catch(() => undefined);
    await context.journal?.forget(upload);
  }
}

/** Sends parts as they come. The first failure ends the reading, and is thrown when no part is on its way any more. */
async function sendStagedParts(
  { context, multipart, partSize, failure, stop, signal }: Staging,
  upload: UploadHandle,
  parts: AsyncIterable<CutPart>,
): Promise<UploadedPart[]> {
  const { bucket, connections } = context;
  const sent: UploadedPart[] = [];
  const turn = connections.takeTurn();
  const sendOne = async ({ part, bytes, lease }: CutPart): Promise<void> => {
    try {
      if (part.partNumber > maxParts) throw tooLarge(partSize);
      const attempts = beginPart<UploadedPart>(part, bytes, {
        connections,
        turn,
        signal: stop,
        send: async ({ partNumber }, { outgoing }, one) => {
          const sha256 = bucket.abilities.verifiesSha256 ? await digestOfSource('sha256', bytes) : undefined;
          return multipart.putPart(upload, partNumber, outgoing, { signal: one, sha256 });
        },
      });
      sent[part.partNumber - 1] = await attempts.result;
    } catch (error) {
      failure.abort(error);
      throw error;
    } finally {
      lease.release();
    }
  };
  try {
    await forEachConcurrently(parts, Infinity, sendOne, signal);
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  }
  return sent;
}

/** Stores a blob unless it is there; a failure that another's success explains is none. */
async function unlessThere(
  context: RepositoryContext,
  blob: BlobContent,
  signal: AbortSignal | undefined,
  store: () => Promise<unknown>,
): Promise<void> {
  const isThere = async (): Promise<boolean> => (await context.bucket.head(blobKey(context, blob), { signal }))?.size === blob.size;
  if (await isThere()) return;
  try {
    await store();
  } catch (error) {
    if (!hasCode(error, ...maybeDone) || !(await isThere())) throw error;
  }
}

function blobKey({ name }: RepositoryContext, { digest }: BlobContent): ObjectKey {
  return formatKey({ kind: 'blob', name, digest });
}

/** The part that was taken out to be looked at, and those after it. */
async function* concat(first: CutPart | undefined, rest: AsyncIterable<CutPart>): AsyncGenerator<CutPart> {
  if (first) yield first;
  yield* rest;
}

function tooLarge(partSize: number): BucketError {
  return new BucketError('object-too-large', `Cannot stage a blob: it has more than ${maxParts} parts of ${partSize} bytes`, {
    hint: 'Choose larger parts with --part-size.',
  });
}
