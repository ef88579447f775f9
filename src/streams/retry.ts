import { CodedError, hasCode } from '../errors/coded-error.ts';
import type { Clock } from './clock.ts';
import { tracePoints } from './trace-points.ts';

/** How often and how patiently to try. */
export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** The first wait is at most this long, in milliseconds; each further one at most twice the one before. */
  readonly baseDelayMs: number;
  /** No wait that we choose ourselves is longer, in milliseconds. */
  readonly maxDelayMs: number;
  /** Whether another try may help. */
  readonly isRetryable: (error: unknown) => boolean;
}

/** The longest wait that the other end may ask for, in milliseconds: past it the failure is reported instead. */
const maxRetryAfterMs = 120_000;

/**
 * Tries until it succeeds, the policy is used up, or the failure is of a kind that no further try mends; then throws the last failure. Waits are random between 0 and
 * their bound ("full jitter"), so that many clients that failed together do not come back together; `retryAfterMs` of the error is always waited out.
 * @param operation gets the number of the try, from 1
 */
export async function retry<T>(
  operation: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
  clock: Clock,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation(attempt);
    } catch (error) {
      const delayMs = attempt < policy.attempts && policy.isRetryable(error) ? chooseDelay(error, attempt, policy, clock) : undefined;
      if (delayMs === undefined) throw error;
      await waitToRetry({ error, attempt, delayMs }, clock, signal);
    }
  }
}

/** Waits before the next try, and tells the tracing channel `bucketry:retry` of the wait and of what failed. */
export function waitToRetry(
  { error, attempt, delayMs }: { readonly error: unknown; readonly attempt: number; readonly delayMs: number },
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<void> {
  return tracePoints.retry.run(
    () => clock.sleep(delayMs, signal),
    () => ({ attempt, delayMs, code: hasCode(error) ? error.code : 'unknown' }),
  );
}

/** Milliseconds until the next try; undefined where the other end asks for more than anyone would wait. */
export function chooseDelay(error: unknown, attempt: number, policy: RetryPolicy, clock: Clock): number | undefined {
  const askedMs = error instanceof CodedError ? (error.retryAfterMs ?? 0) : 0;
  if (askedMs > maxRetryAfterMs) return undefined;
  const boundMs = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  return Math.max(askedMs, clock.random() * boundMs);
}
