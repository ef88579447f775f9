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
  /** Begins to show a copy under way. */
  followCopy(): CopyDisplay;
}

/** A stream to write on: standard output or error, or a test's. */
export interface Sink {
  write(content: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Writes results in one form. */
export interface ResultWriter {
  write(value: object, text: string): void;
}

/** Results as text for people. */
export function createTextResults(stdout: Sink): ResultWriter {
  return {
    write: (_value, text) => {
      if (text !== '') stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    },
  };
}

/** Results as JSON, indented on a terminal, a line each elsewhere. */
export function createJsonResults(stdout: Sink): ResultWriter {
  return { write: (value) => void stdout.write(`${JSON.stringify(value, undefined, stdout.isTTY ? 2 : undefined)}\n`) };
}
