import type { Bucket } from '../../src/bucket/bucket.ts';
import type { ErrorCode } from '../../src/errors/codes.ts';
import type { ImageTarget } from '../../src/transfer/image-target.ts';

/** Who lies. */
export type Liar = 'registry' | 'archive' | 'store' | 'login' | 'configuration';

/** One lie, told while something is done with a bucket that holds an image. */
export interface HostileRow {
  readonly liar: Liar;
  /** What is said that is not so; each once. */
  readonly lie: string;
  /** What is done meanwhile, in the words of the command line. */
  readonly operation: string;
  /** How it must end. */
  readonly code: ErrorCode;
  /** Most memory, in MiB, of the process that it happens in, Node and the liar included; such a row has a process of its own. */
  readonly maxMemoryMib?: number | undefined;
  /** Puts the lie where it lies, before anything is looked at. */
  readonly prepare?: (stage: HostileStage) => Promise<unknown>;
  /** Must be rejected with `code`. */
  readonly run: (stage: HostileStage) => Promise<unknown>;
}

/** Where a row happens. */
export interface HostileStage {
  /** Holds `team/app:1.0`, which must stay as it is. */
  readonly bucket: Bucket;
  /** `team/app:1.0` in the bucket. */
  readonly target: ImageTarget;
  /** An empty folder. */
  readonly folder: string;
}
