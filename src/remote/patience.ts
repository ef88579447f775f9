import { hasCode } from '../errors/coded-error.ts';
import { isCertificateError } from '../http/connection-error.ts';
import type { Clock } from '../streams/clock.ts';
import { retry } from '../streams/retry.ts';

export interface PatienceOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tries in all; 6 if left out. */
  readonly attempts?: number | undefined;
  /** Errors that no further try mends, whatever their code. */
  readonly isFinal?: ((error: unknown) => boolean) | undefined;
}

const patience = { attempts: 6, baseDelayMs: 500, maxDelayMs: 15_000 };

/**
 * Tries again what may go better with a registry the next time (429, 5xx, a connection that broke), and waits as long as it asks for.
 * @param operation gets the number of the try, from 1
 */
export function patiently<T>(
  operation: (attempt: number) => Promise<T>,
  clock: Clock,
  { signal, attempts = patience.attempts, isFinal }: PatienceOptions = {},
): Promise<T> {
  const isRetryable = (error: unknown): boolean =>
    hasCode(error, 'connection-failed', 'timed-out', 'rate-limited', 'registry-unavailable') &&
    !isCertificateError(error) &&
    isFinal?.(error) !== true;
  return retry(operation, { ...patience, attempts, isRetryable }, clock, signal);
}
