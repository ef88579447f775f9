import type { RequestOptions } from '../bucket/bucket.ts';

/** How a place's bucket is opened. */
export interface OpenBucketOptions extends RequestOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Makes a directory bucket that is missing, and goes by what `init` found out about the store. */
  readonly forWriting?: boolean | undefined;
}
