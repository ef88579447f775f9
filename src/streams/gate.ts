import { abortError, throwIfAborted } from '../errors/registry-error.ts';

/** Lets in so many at once, in the order in which they came. */
export interface Gate {
  /** @throws CodedError `aborted`, without running anything, when the signal aborts before its turn */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** Bounds by one number what several do side by side who do not know of each other. */
export function createGate(limit: number): Gate {
  let inside = 0;
  const waiting = new Set<() => void>();

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    throwIfAborted(signal);
    if (inside < limit) {
      inside += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const admit = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        waiting.delete(admit);
        if (signal) reject(abortError(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(admit);
    });
  }

  /** Whoever is let in takes the place of the one who leaves. */
  function leave(): void {
    const [next] = waiting;
    if (next === undefined) {
      inside -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return {
    async run(work, signal) {
      await enter(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
