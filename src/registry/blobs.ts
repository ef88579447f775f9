import type { UploadHandle } from '../bucket/multipart-uploads.ts';
import type { ObjectKey } from '../bucket/object-key.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { formatKey } from '../layout/keys.ts';
import { blobHeaders } from '../layout/objects.ts';
import { partSizeOf } from '../layout/part-size.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, digestAlgorithm, digestEncoded } from '../oci/digest.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import { countedSource } from '../parallel/counted-source.ts';
import { planParts } from '../parallel/part-plan.ts';
import { readRanges } from '../parallel/read-ranges.ts';
import type { OpenedRange } from '../parallel/resume-range.ts';
import { scatterRanges } from '../parallel/scatter-ranges.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import { verify } from '../streams/verify.ts';
import { createUpload, findUpload, type FoundUpload, type OpenUpload, uploadBlob } from './blob-upload.ts';
import { copyBlob } from './copy-blob.ts';
import type { RepositoryContext, RequestOptions } from './repository-context.ts';
import { type BlobContent, putUnknownBlob, type UnknownBlob } from './staged-upload.ts';
import { verifyBeforeEnd } from './verify-before-end.ts';

/** Configs and layers of one repository, under their digests; they never change. */
export interface Blobs {
  /** The size of a blob, in bytes; undefined where there is none. */
  head(digest: Digest, options?: RequestOptions): Promise<number | undefined>;
  /** Whether a blob is there with the size that its descriptor says; one of another size is damaged, and as good as not there. */
  has(blob: Pick<Descriptor, 'digest' | 'size'>, options?: RequestOptions): Promise<boolean>;
  /**
   * A blob's bytes, large ones read by many ranges at once. They are not verified: who reads knows the digest.
   * Reading throws RegistryError `blob-missing` and `size-mismatch`.
   */
  open(blob: Descriptor): ByteSource;
  /**
   * Stores a blob; it becomes visible only after its size and digest were found right. An upload that broke off, of anyone, is continued; on failure what was sent is left
   * for the next try.
   * @throws RegistryError `digest-mismatch`, `size-mismatch`
   */
  put(blob: Descriptor, source: ByteSource, options?: PutBlobOptions): Promise<void>;
  /**
   * Stores bytes whose digest shows when they are read, and tells what they were; they become visible only after they ended without a failure (see `putUnknownBlob`).
   * @throws BucketError `object-too-large`; what reading them throws
   */
  putUnknown(blob: UnknownBlob, options?: RequestOptions): Promise<BlobContent>;
  /** Looks for an unfinished upload of a blob that is sent in parts, for `put`; undefined for one that is not. */
  findUpload(blob: Descriptor, options?: RequestOptions): Promise<FoundUpload | undefined>;
  /** Whether a blob is so large that it is sent in parts. */
  isSentInParts(blob: Pick<Descriptor, 'size'>): boolean;
  /** Begins an upload of a blob that is sent in parts, for `put` to go on with; undefined for one that is not. `unfinished` takes it up. */
  createUpload(blob: Descriptor, options: RequestOptions & { readonly unfinished: Set<UploadHandle> }): Promise<OpenUpload | undefined>;
  /** Lets the store copy a blob from another repository of this bucket (see `copyBlob`). */
  copyFrom(from: RepositoryName, blob: Descriptor, options?: RequestOptions): Promise<boolean>;
}

export interface PutBlobOptions extends RequestOptions {
  /** Called with the number of bytes that were newly sent; negative when they are sent again. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Called with the number of bytes that an upload which broke off left there, and that are kept. */
  readonly onKept?: ((bytes: number) => void) | undefined;
  /** What `findUpload` came upon, or `createUpload` began. */
  readonly found?: FoundUpload | undefined;
  /** Takes up the uploads that this call creates, as long as they are unfinished. */
  readonly unfinished?: Set<UploadHandle> | undefined;
}

/** Bytes of one ranged read. Sixteen of them fill the look-ahead half of the default budget. */
const rangeBytes: number = 4 * 1024 * 1024;

/** Ranges of a blob that is written as it comes: two waves of the connections, so that the first half is verified while the second arrives; for the largest as many as it has parts. */
const scatteredRanges = 64;
/** Of smaller ones the way there and back would be the larger part. */
const leastScatteredBytes: number = 2 * 1024 * 1024;

/** Blobs have no media type of their own: only what names them says what they are. */
export const unknownType = 'application/octet-stream';

/** The blobs of a repository. */
export function createBlobs(context: RepositoryContext): Blobs {
  const { bucket, name } = context;
  const keyOf = (digest: Digest): ObjectKey => formatKey({ kind: 'blob', name, digest });
  const blobs: Blobs = {
    head: async (digest, options = {}) => (await bucket.head(keyOf(digest), options))?.size,
    has: async ({ digest, size }, options = {}) => (await blobs.head(digest, options)) === size,
    open: (blob) => openBlob(context, keyOf(blob.digest), blob),
    async put(blob, source, options = {}) {
      const partSize = partSizeFor(context, blob.size);
      const key = keyOf(blob.digest);
      if (partSize !== undefined && bucket.multipart) {
        await uploadBlob(context, {
          key,
          blob,
          source,
          partSize,
          multipart: bucket.multipart,
          ...options,
          unfinished: options.unfinished ?? new Set(),
        });
        return;
      }
      try {
        await putWhole(context, key, blob, source, options);
      } catch (error) {
        // Two who push one blob at once hinder each other (R2 takes one write a second a key): what the other wrote is as good.
        if (!hasCode(error, 'throttled', 'write-conflict') || !(await blobs.has(blob, options))) throw error;
      }
    },
    putUnknown: (blob, options) =>
      putUnknownBlob(context, blob, (known, source, request) => blobs.put({ ...known, mediaType: unknownType }, source, request), options),
    async findUpload(blob, options = {}) {
      const partSize = partSizeFor(context, blob.size);
      if (partSize === undefined || !bucket.multipart) return undefined;
      return findUpload({ key: keyOf(blob.digest), blob, partSize, multipart: bucket.multipart, ...options });
    },
    isSentInParts: ({ size }) => bucket.multipart !== undefined && partSizeFor(context, size) !== undefined,
    async createUpload(blob, options) {
      const partSize = partSizeFor(context, blob.size);
      if (partSize === undefined || !bucket.multipart) return undefined;
      const upload = { key: keyOf(blob.digest), blob, partSize, multipart: bucket.multipart, ...options };
      return createUpload(context, upload, planParts(blob.size, partSize).length);
    },
    copyFrom: (from, blob, options) => copyBlob(context, from, blob, options),
  };
  return blobs;
}

/** Undefined for a blob that is sent with one PUT. */
function partSizeFor({ bucket, partSizeBytes }: RepositoryContext, size: number): number | undefined {
  if (partSizeBytes === undefined) return partSizeOf(size);
  const partSize = Math.max(partSizeBytes, bucket.abilities.minPartBytes);
  return size <= partSize ? undefined : partSize;
}

/**
 * One PUT. What is small is verified in memory before anything is sent; what is large (a store without multipart uploads) streams, its last bytes being held back until all
 * were verified, so that the store never has the whole of something wrong.
 */
async function putWhole(
  { bucket, budget, connections }: RepositoryContext,
  key: ObjectKey,
  blob: Descriptor,
  source: ByteSource,
  { signal, onProgress }: PutBlobOptions,
): Promise<void> {
  const put = (body: ByteSource, sha256: string | undefined): Promise<unknown> =>
    connections.run(
      (carry) => {
        const counted = countedSource(body, onProgress);
        const outgoing: ByteSource = { size: body.size, seekable: body.seekable, open: (options) => carry(counted.open(options)) };
        return bucket.put(key, outgoing, { ...blobHeaders(blob.digest), sha256, signal });
      },
      { signal },
    );
  const known = digestAlgorithm(blob.digest) === 'sha256' ? digestEncoded(blob.digest) : undefined;
  if (partSizeOf(blob.size) !== undefined) {
    await put({ size: blob.size, seekable: false, open: (options) => verifyBeforeEnd(source.open(options), blob) }, known);
    return;
  }
  const lease = await budget.acquire(blob.size, signal);
  try {
    const bytes = await readAll(verify(source.open({ signal }), blob), blob.size, `blob "${blob.digest}"`);
    await put(bytesSource(bytes), known ?? digestHex('sha256', bytes));
  } finally {
    lease.release();
  }
}

function openBlob({ bucket, budget, connections, clock, name }: RepositoryContext, key: ObjectKey, blob: Descriptor): ByteSource {
  const openRange = async (start: number, end: number, signal: AbortSignal, mayReuse?: boolean): Promise<OpenedRange> => {
    const isWhole = start === 0 && end === blob.size;
    const content = await bucket.get(key, { signal, mayReuse, range: isWhole ? undefined : { start, end } });
    if (!content)
      throw new RegistryError('blob-missing', `Cannot read blob "${blob.digest}" of "${name}": it is not in ${bucket.location}`);
    if (content.size !== blob.size) {
      throw new RegistryError(
        'size-mismatch',
        `Cannot read blob "${blob.digest}" of "${name}": it has ${content.size} bytes in ${bucket.location}, ${blob.size} wanted`,
      );
    }
    return content;
  };
  const partSize = partSizeOf(blob.size);
  return {
    size: blob.size,
    seekable: true,
    open: ({ start = 0, end = blob.size, signal } = {}) =>
      readRanges(openRange, { start, end, rangeBytes, budget, connections, clock, signal }),
    scatter:
      partSize === undefined
        ? undefined
        : (write, { signal } = {}) =>
            scatterRanges((start, end, one) => openRange(start, end, one, true), write, {
              size: blob.size,
              rangeBytes: Math.min(partSize, Math.max(leastScatteredBytes, Math.ceil(blob.size / scatteredRanges))),
              budget,
              connections,
              clock,
              signal,
            }),
  };
}
