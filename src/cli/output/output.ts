import type { CopyDisplay } from './copy-display.ts';

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
  followCopy(): Promise<CopyDisplay>;
}

/** A stream to write on: standard output or error, or a test's. */
export interface Sink {
  write(content: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
}
