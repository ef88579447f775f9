import type { MadeImage } from './made-image.ts';

/** A program and its arguments; no shell reads them. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** What one run took. */
export interface Measurement {
  /** From before its process was made until it had ended. */
  readonly wallMs: number;
  /** User and system time of it and of those that it waited for; undefined where nothing can tell. */
  readonly cpuMs: number | undefined;
  /** The largest resident set of any one process among them; undefined where nothing can tell. */
  readonly peakBytes: number | undefined;
}

/** What a contestant finds when it runs. */
export interface Stage {
  /** New bytes for each run, so that nothing is skipped because another one sent it. */
  readonly image: MadeImage;
  /** A folder for itself, removed after the run. */
  readonly folder: string;
  /** Names this run, in letters that tags and keys take: `bench-3f2a-crane-1`. */
  readonly run: string;
}

/** Where a contestant sends the bytes: what it does, and so what it may be compared with. */
export type Way =
  /** An image, by the distribution API. */
  | 'registry'
  /** An image, in the bucket's format. */
  | 'bucket'
  /** One object: no manifest, no tag, no digest of the whole that anybody checked. */
  | 'object';

/** One who does the work. */
export interface Contestant {
  readonly name: string;
  readonly title: string;
  readonly way: Way;
  /** What is run, and what it does not do that others do. */
  readonly settings: string;
  readonly isOwn: boolean;
  /** A daemon does the work, of which its client's processor time and memory say nothing. */
  readonly hasDaemon?: boolean | undefined;
  /** What must be there before and takes no part; run in this order. */
  prepare?(stage: Stage): readonly CommandLine[];
  command(stage: Stage): CommandLine;
  /** Beside the environment of the command line. */
  environment?(stage: Stage): Readonly<Record<string, string | undefined>>;
  /** What undoes `prepare` outside of the folder. */
  putBack?(stage: Stage): readonly CommandLine[];
  /**
   * Removes what the run sent, whether it ended well or not.
   * @returns what is still there, and why
   */
  remove(stage: Stage, signal: AbortSignal): Promise<readonly string[]>;
}
