import { createWaitingLine } from './waiting-line.ts';

/**
 * How many bodies go over the link at once. The engines know only this: an adaptive controller takes the place of the fixed number by implementing `run` and looking at
 * how long the work took and how it failed. Only bodies stand in this line; existence checks and other small requests never wait behind them.
 */
export interface ConnectionLimit {
  /**
   * Waits for a free connection, first come first served, does the work and frees it. The work must not wait for another `run` of the same limit.
   * Rejects with code `aborted` when the signal aborts before the work began.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** As many connections as are used where nothing else was said. */
const defaultConnections = 16;

/** A fixed number of connections. */
export function createConnectionLimit(connections: number = defaultConnections): ConnectionLimit {
  const line = createWaitingLine();
  let free = connections;
  const take = (): boolean => {
    if (free === 0) return false;
    free -= 1;
    return true;
  };
  return {
    async run(work, signal) {
      await line.join(take, signal);
      try {
        return await work();
      } finally {
        free += 1;
        line.advance();
      }
    },
  };
}
