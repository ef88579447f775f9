import type { FileRange } from '../streams/byte-source.ts';

/** Bytes of a file that are to be digested. */
export interface FileToDigest extends FileRange {
  readonly algorithm: 'sha256' | 'sha512';
  /** Where each of its parts ends, in bytes from `start`; the last one at the end. */
  readonly partEnds: readonly number[];
}

/** What one reading of them gave. */
export interface FileDigest {
  /** Lower-case hex, of all of them. */
  readonly digest: string;
  /** The fingerprint of each part, under the key of this process. */
  readonly fingerprints: readonly string[];
  /** The time that it took. */
  readonly busyMs: number;
}

/**
 * Digests a file beside this thread, so that sending and digesting have a processor each. Only a help: it gives undefined where it cannot, for whatever reason, and what it finds wrong is to be
 * looked at again by whoever asked, who can say what is wrong with the source.
 */
export type DigestFile = (file: FileToDigest, signal: AbortSignal) => Promise<FileDigest | undefined>;
