import { throwIfAborted } from '../errors/registry-error.ts';

/**
 * Runs `work` over items, at most `limit` at once, in their order. The first failure aborts the signal that the others were given, waits until all that began have ended
 * (a lost promise is a lost upload), and is thrown.
 */
export async function forEachConcurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const both = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  try {
    for await (const item of items) {
      if (both.aborted) break;
      const run = work(item, both)
        .catch((error: unknown) => {
          errors.push(error);
          failure.abort(error);
        })
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= limit) await Promise.race(running);
    }
  } catch (error) {
    errors.push(error);
    failure.abort(error);
  }
  await Promise.all(running);
  if (errors.length > 0) throw errors[0];
  throwIfAborted(signal);
}

/** As `forEachConcurrently`, with a result for each item, in their order. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const results: R[] = [];
  await forEachConcurrently(
    items.entries(),
    limit,
    async ([index, item], itemSignal) => void (results[index] = await work(item, itemSignal)),
    signal,
  );
  return results;
}

/** Does several things side by side, as `forEachConcurrently` does. */
export async function runTogether(works: readonly ((signal: AbortSignal) => Promise<void>)[], signal?: AbortSignal): Promise<void> {
  await forEachConcurrently(works, Infinity, (work, one) => work(one), signal);
}
