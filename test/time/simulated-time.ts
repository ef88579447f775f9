import { abortError, throwIfAborted } from '../../src/errors/registry-error.ts';
import type { Clock } from '../../src/streams/clock.ts';

/** Time in which many sleep side by side: it jumps to whoever wakes next as soon as all others wait. */
export interface SimulatedTime extends Clock {
  /** Lets time pass until the work has ended. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/** Simulated time, from 0 on. What happens in it may wait for nothing but this clock and for what is done by others who do. */
export function createSimulatedTime(): SimulatedTime {
  const sleepers = new Set<Sleeper>();
  let nowMs = 0;

  const wakeNext = (): void => {
    const [next] = [...sleepers].toSorted((a, b) => a.wakeAtMs - b.wakeAtMs);
    if (!next) throw new Error('Nobody sleeps, and yet the work has not ended');
    nowMs = Math.max(nowMs, next.wakeAtMs);
    next.wake();
  };
  return {
    now: () => nowMs,
    random: () => 0.5,
    sleep: (durationMs, signal) =>
      new Promise((resolve, reject) => {
        throwIfAborted(signal);
        const end = (act: () => void): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
          act();
        };
        const onAbort = (): void => end(() => reject(signal ? abortError(signal) : undefined));
        const sleeper = { wakeAtMs: nowMs + durationMs, wake: () => end(resolve) };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    async run(work) {
      let isEnded = false;
      const ended = work().finally(() => (isEnded = true));
      ended.catch(() => undefined);
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (isEnded) return ended;
        wakeNext();
      }
    },
  };
}
