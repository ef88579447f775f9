import { abortError, throwIfAborted } from '../errors/registry-error.ts';

/** Who waits for a share of something: the smallest turn first, and among equals who came first. */
export interface WaitingLine {
  /** How many wait. */
  readonly length: number;
  /** Resolves when it is this one's turn (0, if left out) and `take` has said yes; rejects with code `aborted` as soon as the signal aborts, and then takes nothing. */
  join(take: () => boolean, signal?: AbortSignal, turn?: number): Promise<void>;
  /** Lets in, from the front, everyone whose `take` says yes; stops at the first who has to go on waiting, so that within a turn the large are not passed for ever by the small. */
  readonly advance: () => void;
}

interface Waiting {
  readonly turn: number;
  readonly take: () => boolean;
  readonly admit: () => void;
}

/** A fair queue, of which the byte budget and the connection limit are made. */
export function createWaitingLine(): WaitingLine {
  const line: Waiting[] = [];
  const advance = (): void => {
    while (line[0]?.take()) line.shift()?.admit();
  };
  return {
    get length() {
      return line.length;
    },
    advance,
    async join(take, signal, turn = 0) {
      throwIfAborted(signal);
      const place = line.findLastIndex((other) => other.turn <= turn) + 1;
      if (place === 0 && take()) return;
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => {
          line.splice(line.indexOf(waiting), 1);
          if (signal) reject(abortError(signal));
          advance();
        };
        const admit = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        const waiting: Waiting = { turn, take, admit };
        signal?.addEventListener('abort', onAbort, { once: true });
        line.splice(place, 0, waiting);
      });
    },
  };
}
