import { setTimeout as sleep } from 'node:timers/promises';

export interface PaceOptions {
  /** Of each connection, both ways together. */
  readonly bytesPerSecond?: number | undefined;
  /** Before each answer. */
  readonly latencyMs?: number | undefined;
}

/** Holds one connection to a rate and a latency, in real time. */
export class Pacer {
  readonly #options: PaceOptions;
  readonly #signal: AbortSignal;
  #freeAtMs = 0;

  constructor(options: PaceOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Waits for as long as bytes take, after those that went before. */
  async spend(bytes: number): Promise<void> {
    const { bytesPerSecond } = this.#options;
    if (bytesPerSecond === undefined) return;
    const nowMs = performance.now();
    this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (bytes / bytesPerSecond) * 1000;
    await sleep(this.#freeAtMs - nowMs, undefined, { signal: this.#signal });
  }

  async wait(): Promise<void> {
    const { latencyMs = 0 } = this.#options;
    if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: this.#signal });
  }
}
