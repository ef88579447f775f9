import { chooseDelay, waitToRetry } from '../../streams/retry.ts';
import type { RetryContext } from './retry-options.ts';

/**
 * A listing that begins again when it breaks, and leaves out what it gave already. It cannot go on after the last key: some stores do not list in the order of their
 * keys. Tries are counted from the last entry that was new. Keeps the name of every entry.
 */
export async function* resumeListing<T>(
  open: () => AsyncIterable<T>,
  nameOf: (entry: T) => string,
  { policy, clock }: RetryContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, undefined> {
  const given = new Set<string>();
  for (let failures = 0; ;) {
    let failure: unknown;
    try {
      for await (const entry of open()) {
        const name = nameOf(entry);
        if (given.has(name)) continue;
        given.add(name);
        failures = 0;
        yield entry;
      }
      return undefined;
    } catch (error) {
      failure = error;
    }
    failures += 1;
    const delayMs = failures < policy.attempts && policy.isRetryable(failure) ? chooseDelay(failure, failures, policy, clock) : undefined;
    if (delayMs === undefined) throw failure;
    await waitToRetry({ error: failure, attempt: failures, delayMs }, clock, signal);
  }
}
