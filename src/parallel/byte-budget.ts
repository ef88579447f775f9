import { createWaitingLine } from './waiting-line.ts';

/** Bytes held in memory by someone, until given back. */
export interface ByteLease {
  /** Gives them back; a second call does nothing. */
  release(): void;
}

/**
 * How many bytes of parts the whole process may hold in memory.
 *
 * Two kinds of holders share it. A *sender* waits for its part's bytes (`acquire`), reads them and gives them back once they were sent: it needs nobody else for that. A
 * *reader* looks ahead (`tryAcquire`) and gives back when its consumer has taken the bytes, and that consumer may be a sender that waits. So that the two cannot
 * wait for each other, looking ahead never takes the second half of the budget and never waits: a sender's turn always comes.
 */
export interface ByteBudget {
  readonly maxBytes: number;
  /** Bytes held now. */
  readonly heldBytes: number;
  /**
   * Waits until `bytes` are free: the smallest turn first (see `ConnectionLimit`; 0 if left out), and among equals who came first. More than half of the budget counts as half of it, so that a part larger than the budget can still be sent.
   * Rejects with code `aborted` as soon as the signal aborts.
   */
  acquire(bytes: number, signal?: AbortSignal, turn?: number): Promise<ByteLease>;
  /** Takes bytes for looking ahead if they are free in the first half and nobody waits; else undefined. */
  tryAcquire(bytes: number): ByteLease | undefined;
}

/** The budget that is used where none is given: 128 MiB. */
const defaultBudgetBytes = 128 * 1024 * 1024;

export function createByteBudget(maxBytes: number = defaultBudgetBytes): ByteBudget {
  const line = createWaitingLine();
  const half = Math.floor(maxBytes / 2);
  let heldBytes = 0;

  const take = (bytes: number, limit: number): boolean => {
    if (heldBytes + bytes > limit) return false;
    heldBytes += bytes;
    return true;
  };
  const lease = (bytes: number): ByteLease => {
    let held = true;
    return {
      release() {
        if (!held) return;
        held = false;
        heldBytes -= bytes;
        line.advance();
      },
    };
  };
  return {
    maxBytes,
    get heldBytes() {
      return heldBytes;
    },
    async acquire(bytes, signal, turn) {
      const counted = Math.min(bytes, half);
      await line.join(() => take(counted, maxBytes), signal, turn);
      return lease(counted);
    },
    tryAcquire: (bytes) => (line.length === 0 && take(bytes, half) ? lease(bytes) : undefined),
  };
}
