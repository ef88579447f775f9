import type { CopyDisplay, CopyManner } from './copy-display.ts';

/**
 * Where a command's words go. Results and everything else are different outputs: results on standard output, in the form that was asked for; progress, notes and errors on
 * standard error.
 */
export interface Output {
  /** Writes the result, or one of a stream of them: `text` for people, `value` as JSON where that was asked for. */
  result(value: object, text: string): void;
  /** Writes exactly these bytes as the result (`inspect --raw`). */
  bytes(content: Uint8Array): void;
  /** A line for people, beside the result; silent with `--quiet`. */
  note(line: string): void;
  /** Begins to show a copy under way: as bars on a terminal, as lines elsewhere, not at all with `--quiet`. */
  followCopy(options: FollowOptions): Promise<CopyDisplay>;
}

/** What a display shows beside the events of a copy. */
export interface FollowOptions {
  /** What becomes of blobs, as people say it. */
  readonly manner: CopyManner;
  /** Connections in use, where the copy goes over some. */
  readonly countConnections?: (() => number) | undefined;
}

/** A stream to write on: standard output or error, or a test's. */
export interface Sink {
  write(content: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
}
