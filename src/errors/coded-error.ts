import type { ErrorCode } from './codes.ts';

/** The end of a copy that failed. */
export type Side = 'source' | 'target';

/** What a coded error carries beside its message. */
export interface ErrorDetails {
  /** What caused it: another error, for `--debug`. */
  readonly cause?: unknown;
  /** What the reader can do about it: one sentence, shown below the message. */
  readonly hint?: string | undefined;
  /** Which end of a copy failed, where the thrower knows. */
  readonly side?: Side | undefined;
  /** Earliest time for another try, as the other end asked for (`Retry-After`). */
  readonly retryAfterMs?: number | undefined;
}

/**
 * An error with a code of the closed union. Its message says the action that failed, quotes the values, then what was found and wanted;
 * it never holds a secret or a signed query.
 */
export abstract class CodedError extends Error {
  abstract readonly code: ErrorCode;
  /** One sentence on what to do, if there is one. */
  readonly hint: string | undefined;
  /** Which end of a copy failed; set once, by whoever knows (see `attribute`). */
  side: Side | undefined;
  /** Milliseconds to wait before another try, where the other end asked for it. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.hint = details.hint;
    this.side = details.side;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Says which end failed, unless it is known already; returns what it was given, so that it can be rethrown. */
export function attribute(error: unknown, side: Side): unknown {
  if (error instanceof CodedError) error.side ??= side;
  return error;
}

/** Narrows what was caught to one of our errors with one of `codes` (any code, if none is given). */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is CodedError {
  return error instanceof CodedError && (codes.length === 0 || codes.includes(error.code));
}
