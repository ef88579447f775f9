import { abortError, throwIfAborted } from '../errors/registry-error.ts';

/** Time and chance, so that tests can make waiting cost nothing. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Resolves after `durationMs`; rejects with code `aborted` as soon as the signal aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** From 0 up to and without 1: the jitter of retries. */
  random(): number;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      throwIfAborted(signal);
      const onAbort = (): void => {
        clearTimeout(timer);
        if (signal) reject(abortError(signal));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, durationMs);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
