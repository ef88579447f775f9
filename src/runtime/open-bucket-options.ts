import type { Bucket, RequestOptions } from '../bucket/bucket.ts';
import type { BucketFormat } from '../layout/format-version.ts';
import type { TransferEngine } from '../parallel/transfer-engine.ts';
import type { ConnectionOptions } from './connection-options.ts';

/** How a place's bucket is opened. */
export interface OpenBucketOptions extends RequestOptions, ConnectionOptions {
  /** The process's own, for what is moved in bulk: it is told how the store fares. */
  readonly engine?: TransferEngine | undefined;
  /** Makes a directory bucket that is missing, and goes by what `init` found out about the store. */
  readonly forWriting?: boolean | undefined;
  /** How old, in milliseconds, temporary files of a directory must be to be removed when it is opened; a day if left out. */
  readonly temporaryGraceMs?: number | undefined;
  /** For writing: what else is read of the bucket beside its format, so that a way there and back is saved. It must not write: the format says how that is done. */
  readonly beside?: ((bucket: Bucket) => Promise<void>) | undefined;
}

/** A bucket, and what was read of it on the way, so that nobody need ask again. */
export interface OpenedBucket {
  readonly bucket: Bucket;
  /** Undefined where there is none, or it was not asked for (it is for writing). */
  readonly format: BucketFormat | undefined;
}
