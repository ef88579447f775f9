import type { Bucket } from '../bucket/bucket.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ByteBudget } from '../parallel/byte-budget.ts';
import type { ConnectionLimit } from '../parallel/connection-limit.ts';
import type { DigestFile } from '../parallel/file-digest.ts';
import type { Clock } from '../streams/clock.ts';
import type { UploadJournal } from './upload-journal.ts';

/** What the modules of one repository share. */
export interface RepositoryContext {
  readonly bucket: Bucket;
  readonly name: RepositoryName;
  readonly clock: Clock;
  /** Of the whole process: bodies stand in its line, existence checks do not. */
  readonly connections: ConnectionLimit;
  /** Of the whole process. */
  readonly budget: ByteBudget;
  /** Digests local files beside this thread. */
  readonly digestFile?: DigestFile | undefined;
  /** A part size of the user's own. Others do not continue uploads of it; without it parts are those of the published function. */
  readonly partSizeBytes?: number | undefined;
  /** What this machine remembers of its uploads into this bucket. */
  readonly journal?: UploadJournal | undefined;
}

/** What every function here that asks the store takes. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
}
