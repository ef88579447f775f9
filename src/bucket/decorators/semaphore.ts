import { abortError, throwIfAborted } from '../../errors/registry-error.ts';

/** Lets a number of tasks run at once; the others wait in the order in which they came. */
export interface Semaphore {
  /** Rejects with code `aborted`, without running, when the signal aborts while it waits. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** A semaphore with `places` places. */
export function createSemaphore(places: number): Semaphore {
  let free = places;
  const waiting = new Set<() => void>();

  const take = (signal: AbortSignal | undefined): Promise<void> => {
    throwIfAborted(signal);
    if (free > 0) {
      free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        waiting.delete(enter);
        if (signal) reject(abortError(signal));
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      waiting.add(enter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  };
  /** Hands the place to the next in line without freeing it, so that nobody can push in. */
  const leave = (): void => {
    const [next] = waiting;
    if (!next) {
      free++;
      return;
    }
    waiting.delete(next);
    next();
  };

  return {
    async run(task, signal) {
      await take(signal);
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
