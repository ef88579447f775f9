import { abortError, throwIfAborted } from '../errors/registry-error.ts';
import type { Clock } from '../streams/clock.ts';

/**
 * Joins those who want the same work done for a key: whoever comes while it is being done shares the next round with all others that came meanwhile. A round begins
 * after everyone who shares it has asked, so it sees what they wrote before asking.
 */
export interface Coalescer {
  /**
   * Resolves when a round that began after this call has ended. An abort leaves the round to the others; with the last of them the round itself is aborted.
   * @param work what the first to ask for a round brought is what is run
   */
  run(key: string, work: (signal: AbortSignal) => Promise<void>, signal?: AbortSignal): Promise<void>;
}

interface Round {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  hasBegun: boolean;
  waiting: number;
}

/** @param pauseMs time to let pass between two rounds of one key (R2 takes one write a second) */
export function createCoalescer(clock: Clock, pauseMs = 0): Coalescer {
  const rounds = new Map<string, Round>();

  const begin = (key: string, previous: Round | undefined, work: (signal: AbortSignal) => Promise<void>): Round => {
    const abort = new AbortController();
    const run = async (): Promise<void> => {
      await previous?.done.catch(() => {});
      if (previous && pauseMs > 0) await clock.sleep(pauseMs, abort.signal);
      round.hasBegun = true;
      await work(abort.signal);
    };
    // Begins a microtask later, so that `round` is there, and all who ask at one moment share it.
    const done = Promise.resolve()
      .then(run)
      .finally(() => {
        if (rounds.get(key) === round) rounds.delete(key);
      });
    const round: Round = { done, abort, hasBegun: false, waiting: 0 };
    rounds.set(key, round);
    return round;
  };

  return {
    async run(key, work, signal) {
      throwIfAborted(signal);
      const last = rounds.get(key);
      const canJoin = last !== undefined && !last.hasBegun && !last.abort.signal.aborted;
      await waitFor(canJoin ? last : begin(key, last, work), signal);
    },
  };
}

async function waitFor(round: Round, signal: AbortSignal | undefined): Promise<void> {
  round.waiting += 1;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    round.waiting -= 1;
    if (!signal) return;
    if (round.waiting > 0) aborted.reject(abortError(signal));
    else round.abort.abort(abortError(signal));
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([round.done, aborted.promise]);
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
