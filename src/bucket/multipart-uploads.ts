import type { ByteSource } from '../streams/byte-source.ts';
import type { ETag, ObjectHeaders, RequestOptions, WriteCondition } from './write-options.ts';
import type { ObjectKey } from './object-key.ts';

/** One upload under way: a key and the store's name for the upload. */
export interface UploadHandle {
  readonly key: ObjectKey;
  readonly uploadId: string;
}

/** A part as Complete names it: 1 to 10,000, and the ETag that `putPart` or `copyPart` gave. */
export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: ETag;
}

/** A part as the store lists it. */
export interface ListedPart extends UploadedPart {
  readonly size: number;
  /** 64 hex digits, where the store tells. Never a CRC: only this, or an ETag that is an MD5, may prove what a part holds. */
  readonly sha256: string | undefined;
}

/** An upload as the store lists it. */
export interface ListedUpload extends UploadHandle {
  readonly initiated: Date;
}

/**
 * Objects that are sent in parts, in any order and side by side, and become visible at once by `complete`. Until then no reader sees anything. An upload lives until it is
 * completed or aborted, by whomever: its creator, or a clean-up past the grace period.
 */
export interface MultipartUploads {
  /**
   * Begins an upload. `connections` says how many parts will be sent side by side, so that an adapter may open connections for them meanwhile. `size` (left out where it shows only at the end) and `partSize` are what is going to be sent (adapters that must lay out space or check equal parts use them).
   * Not idempotent: a repeated call after an ambiguous failure leaves an upload that nobody knows; the lifecycle rule ends it.
   */
  create(
    key: ObjectKey,
    options: ObjectHeaders &
      RequestOptions & { readonly size?: number | undefined; readonly partSize: number; readonly connections?: number | undefined },
  ): Promise<UploadHandle>;

  /**
   * Sends one part. The same number again replaces it. With `sha256` (64 hex digits) or `crc32` (8) the store refuses other bytes where it can.
   * @throws BucketError `upload-missing`, `checksum-mismatch`, …
   */
  putPart(
    upload: UploadHandle,
    partNumber: number,
    body: ByteSource,
    options?: RequestOptions & { readonly sha256?: string | undefined; readonly crc32?: string | undefined },
  ): Promise<UploadedPart>;

  /** Makes a part of a range of another object, without its bytes passing through here; absent where the store cannot. */
  copyPart?(
    upload: UploadHandle,
    partNumber: number,
    from: ObjectKey,
    range: { readonly start: number; readonly end: number },
    options?: RequestOptions,
  ): Promise<UploadedPart>;

  /** The parts that are there, in order of number. */
  listParts(upload: UploadHandle, options?: RequestOptions): AsyncIterable<ListedPart>;

  /** Unfinished uploads of exactly this key (all that some stores can answer). */
  listUploads(key: ObjectKey, options?: RequestOptions): AsyncIterable<ListedUpload>;

  /**
   * Unfinished uploads of all keys that begin so, as far as the store tells: some (MinIO) tell only those of an exact key, and give nothing here.
   * For cleaning up, never for what must be found.
   */
  listUploadsBelow(prefix: string, options?: RequestOptions): AsyncIterable<ListedUpload>;

  /**
   * Makes the object of exactly these parts visible, conditionally if asked.
   * After an ambiguous failure, and after `upload-missing`, the caller must look at the key: it may be done.
   * @throws BucketError `precondition-failed` (the upload goes on living), `part-invalid`, `upload-missing`, …
   */
  complete(
    upload: UploadHandle,
    parts: readonly UploadedPart[],
    options?: RequestOptions & WriteCondition,
  ): Promise<{ readonly etag: ETag }>;

  /** Ends an upload and frees its parts; one that is not there is no error. */
  abort(upload: UploadHandle, options?: RequestOptions): Promise<void>;
}
