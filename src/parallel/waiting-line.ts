import { abortError, throwIfAborted } from '../errors/registry-error.ts';

/** Who waits for a share of something, first come first served. */
export interface WaitingLine {
  /** How many wait. */
  readonly length: number;
  /** Resolves when it is this one's turn and `take` has said yes; rejects with code `aborted` as soon as the signal aborts, and then takes nothing. */
  join(take: () => boolean, signal?: AbortSignal): Promise<void>;
  /** Lets in, from the front, everyone whose `take` says yes; stops at the first who has to go on waiting, so that the large are not passed for ever by the small. */
  advance(): void;
}

interface Waiting {
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
    async join(take, signal) {
      throwIfAborted(signal);
      if (line.length === 0 && take()) return;
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
        const waiting: Waiting = { take, admit };
        signal?.addEventListener('abort', onAbort, { once: true });
        line.push(waiting);
      });
    },
  };
}
