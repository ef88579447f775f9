import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import type { MultipartUploads } from './multipart-uploads.ts';
import type { ETag, ObjectHeaders, RequestOptions, WriteCondition } from './write-options.ts';
import type { ObjectKey } from './object-key.ts';

export type { ETag, ObjectHeaders, RequestOptions, WriteCondition };

/**
 * A flat store of objects: what bucketry needs of S3 and its like.
 *
 * Contract, for every adapter and decorator (held by `test/contract/bucket-contract.ts`):
 * - An object is whole or not there. A put, copy or complete replaces it at one moment; a reader that began before goes on with the bytes it began with, or fails.
 * - After a write has resolved, `get` and `head` see it. `list` sees it too where `abilities.strongList` says so.
 * - A rejected write may still have happened (`timed-out`, `connection-failed`, `store-unavailable`): who sent it must look. After `precondition-failed`,
 *   `write-conflict`, `access-denied`, `checksum-mismatch` and all other codes nothing was written.
 * - Every operation may be repeated, except a conditional write after an ambiguous failure (its own success then looks like `precondition-failed`) and `complete`
 *   (its own success looks like `upload-missing`). Adapters do not retry; the decorator `withRetry` does, and knows these cases.
 * - Errors are `BucketError`s; an aborted signal rejects with code `aborted` and leaves nothing half-written visible.
 * - Keys are compared byte by byte, never normalised, never folded.
 */
export interface Bucket {
  /** Where this is, as a person would write it, without credentials: `s3://my-bucket`, `file:/srv/bucket`. For messages only. */
  readonly location: string;
  /** What this store can do where stores differ; fixed for the life of the object. */
  readonly abilities: BucketAbilities;

  /**
   * Reads an object or one range of it. Resolves once its headers are known; the body must be read to its end or left (`return()`), else a connection stays busy.
   * The body fails with `response-invalid` when it ends before `contentLength` bytes.
   * @returns undefined where there is no such object
   * @throws BucketError `precondition-failed` (`ifMatch`), `range-invalid`, `access-denied`, …
   */
  get(key: ObjectKey, options?: GetOptions): Promise<ObjectContent | undefined>;

  /**
   * What is known of an object without its bytes.
   * @returns undefined where there is no such object
   */
  head(key: ObjectKey, options?: RequestOptions): Promise<ObjectInfo | undefined>;

  /**
   * Writes a whole object at once (at most `abilities.maxPutBytes`). The body is opened once, or again by who retries.
   * With `sha256` the store refuses other bytes (`checksum-mismatch`), where `abilities.verifiesSha256`; adapters without a checking store hash and compare themselves.
   * @returns the ETag of what was written
   * @throws BucketError `precondition-failed`, `write-conflict`, `operation-unsupported` (a condition where `abilities.conditionalPut` is `none`), …
   */
  put(key: ObjectKey, body: ByteSource, options?: PutOptions): Promise<{ readonly etag: ETag }>;

  /** Deletes an object; one that is not there is no error. */
  delete(key: ObjectKey, options?: RequestOptions): Promise<void>;

  /** Deletes many objects, in as few requests as the store allows, and resolves when all are gone. On failure some may be gone: the same call again ends it. */
  deleteMany(keys: readonly ObjectKey[], options?: RequestOptions): Promise<void>;

  /**
   * Lists keys below a prefix, page by page as it is iterated. The order is the store's own (some do not sort by bytes): sort before relying on it. A key that is
   * written or deleted meanwhile may be listed or not; all others are listed exactly once.
   */
  list(options?: ListOptions): AsyncIterable<ListedEntry>;

  /**
   * Copies an object within the bucket without its bytes passing through here; absent where the store cannot. Headers and metadata are those given, not the old ones.
   * Never conditional (stores disagree).
   * @throws BucketError `object-missing`, `object-too-large` (over `abilities.maxCopyBytes`: copy it by parts)
   */
  copy?(from: ObjectKey, to: ObjectKey, options?: ObjectHeaders & RequestOptions): Promise<{ readonly etag: ETag }>;

  /** A URL that lets its holder do one thing for a while: a secret while it lives. Absent where the store has none. */
  presign?(key: ObjectKey, options: PresignOptions): Promise<URL>;

  /** Objects sent in parts. Absent where the store has no such thing (send one put). */
  readonly multipart?: MultipartUploads;

  /** Ends connections and timers. The object is of no use afterwards. */
  close(): Promise<void>;
}

export interface GetOptions extends RequestOptions {
  /** Bytes from `start` up to and without `end` (to the object's end, if left out). */
  readonly range?: { readonly start: number; readonly end?: number | undefined } | undefined;
  /** Only this version: else `precondition-failed`. */
  readonly ifMatch?: ETag | undefined;
  /** Who reads is done with a chunk of the body when it asks for the next one: its memory may then be used again. */
  readonly mayReuse?: boolean | undefined;
}

export interface PutOptions extends ObjectHeaders, RequestOptions, WriteCondition {
  /** SHA-256 of the whole body, 64 hex digits. */
  readonly sha256?: string | undefined;
}

export interface ObjectInfo extends ObjectHeaders {
  readonly key: ObjectKey;
  /** Bytes of the whole object, also when a range was read. */
  readonly size: number;
  readonly etag: ETag;
  /** By the store's clock. */
  readonly lastModified: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectContent extends ObjectInfo {
  readonly body: ByteStream;
  /** Bytes that the body will give. Less than `size` for a range; the whole `size` where a store ignored the range. */
  readonly contentLength: number;
  /** First byte of the object that the body gives: `range.start`, or 0 where a store ignored the range. */
  readonly start: number;
}

export interface ListOptions extends RequestOptions {
  /** Only keys that begin so; it need not end at a `/`. */
  readonly prefix?: string | undefined;
  /** Fold what follows the prefix up to this character into one entry of kind `prefix`. */
  readonly delimiter?: '/' | undefined;
  /** Only keys after this one, in the order of UTF-8 bytes. */
  readonly startAfter?: string | undefined;
}

export type ListedEntry =
  | {
      readonly kind: 'object';
      readonly key: ObjectKey;
      readonly size: number;
      readonly etag: ETag | undefined;
      readonly lastModified: Date;
    }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface PresignOptions extends RequestOptions {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly expiresInMs: number;
}

/** What stores differ in, as data. `init` probes and records it; adapters start from what they know. */
export interface BucketAbilities {
  /**
   * Conditions on PUT and on Complete: `atomic`: of racing writers exactly one wins; `none`: refused (`operation-unsupported`);
   * `ignored`: accepted and not looked at (so they prove nothing).
   */
  readonly conditionalPut: 'atomic' | 'none' | 'ignored';
  /** A listing shows every write that has resolved. */
  readonly strongList: boolean;
  /** The store itself checks `sha256` of a put. */
  readonly verifiesSha256: boolean;
  /** The store itself checks the CRC-32 of a part, in an upload that was begun without checksums. */
  readonly verifiesCrc32: boolean;
  /** Parts cannot change on their way to the store unnoticed (TLS, a CRC-32 that the adapter sends along, or no way at all): they need no digest of their own, which costs more than sending them. */
  readonly protectsBodies: boolean;
  /** Largest object of one put, in bytes. */
  readonly maxPutBytes: number;
  /** Largest object of one server-side copy, in bytes. */
  readonly maxCopyBytes: number;
  /** Parts of an upload, all but the last, must be of one size (R2). */
  readonly equalParts: boolean;
  /** Smallest part but the last, in bytes. */
  readonly minPartBytes: number;
  /** Least time between two writes of one key, in milliseconds (R2: 1,000); 0 for no such rule. */
  readonly minWriteIntervalMs: number;
}
