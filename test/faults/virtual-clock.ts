import { abortError } from '../../src/errors/registry-error.ts';
import type { Clock } from '../../src/streams/clock.ts';

/** Time that passes only by sleeping, or when told to, so that waiting costs nothing. */
export interface VirtualClock extends Clock {
  advance(durationMs: number): void;
}

/** A clock that begins on 1 January 2026; chance is a fixed row of numbers. */
export function createVirtualClock(): VirtualClock {
  let nowMs = Date.UTC(2026, 0, 1);
  let drawn = 0;
  return {
    now: () => nowMs,
    advance: (durationMs) => void (nowMs += durationMs),
    random: () => (drawn = (drawn + 0.618_034) % 1),
    async sleep(durationMs, signal) {
      if (signal?.aborted) throw abortError(signal);
      nowMs += durationMs;
      // Others get their turn, as they would while one really sleeps.
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted) throw abortError(signal);
    },
  };
}
