import { abortError } from '../errors/registry-error.ts';

/** Which bytes of a whole are there, while its pieces come in any order. */
export class ArrivedBytes {
  /** Stretches that lie behind a gap, by where they begin and by where they end. */
  readonly #endByStart = new Map<number, number>();
  readonly #startByEnd = new Map<number, number>();
  #front = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;

  /** All bytes before it are there. */
  get front(): number {
    return this.#front;
  }

  /** Tells that bytes from `start` up to and without `end` are there. */
  add(start: number, end: number): void {
    const joined = { start: this.#startByEnd.get(start) ?? start, end: this.#endByStart.get(end) ?? end };
    this.#startByEnd.delete(start);
    this.#endByStart.delete(end);
    if (joined.start > this.#front) {
      this.#endByStart.set(joined.start, joined.end);
      this.#startByEnd.set(joined.end, joined.start);
      return;
    }
    this.#endByStart.delete(joined.start);
    this.#startByEnd.delete(joined.end);
    this.#front = Math.max(this.#front, joined.end);
    this.#wake?.();
  }

  /** Tells that no more will come. */
  end(): void {
    this.#hasEnded = true;
    this.#wake?.();
  }

  /** Waits until all bytes before `end` are there, or no more will come. One at a time may wait. Rejects with code `aborted`. */
  async waitFor(end: number, signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake?.();
    signal.addEventListener('abort', wake);
    try {
      while (this.#front < end && !this.#hasEnded) {
        if (signal.aborted) throw abortError(signal);
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }
}
