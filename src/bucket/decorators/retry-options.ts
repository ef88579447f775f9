import { hasCode } from '../../errors/coded-error.ts';
import { type Clock, systemClock } from '../../streams/clock.ts';
import type { RetryPolicy } from '../../streams/retry.ts';

/** How `withRetry` waits; each operation has its own count. */
export interface RetryOptions {
  readonly clock?: Clock | undefined;
  /** Tries in all; 6 if left out. */
  readonly attempts?: number | undefined;
  /** Bound of the first wait, in milliseconds; 200 if left out. It doubles with each further one. */
  readonly baseDelayMs?: number | undefined;
  /** Bound of every wait, in milliseconds; 20,000 if left out. */
  readonly maxDelayMs?: number | undefined;
}

/** A policy with the clock it waits by. */
export interface RetryContext {
  readonly policy: RetryPolicy;
  readonly clock: Clock;
}

/** Fills in what was left out. */
export function createRetryContext(options: RetryOptions): RetryContext {
  const { clock = systemClock, attempts = 6, baseDelayMs = 200, maxDelayMs = 20_000 } = options;
  return { clock, policy: { attempts, baseDelayMs, maxDelayMs, isRetryable: isPassing } };
}

/** Whether a failure may pass by itself. */
export function isPassing(error: unknown): boolean {
  return isAmbiguous(error) || hasCode(error, 'throttled');
}

/** Whether what was asked may have been done in spite of the failure. */
export function isAmbiguous(error: unknown): boolean {
  return hasCode(error, 'store-unavailable', 'connection-failed', 'timed-out', 'response-invalid');
}
