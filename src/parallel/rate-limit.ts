import type { Clock } from '../streams/clock.ts';

/** A rate that all bodies of the process share. */
export interface RateLimit {
  /** Bytes that are asked for at a time, so that many share the rate evenly. */
  readonly pieceBytes: number;
  /** Waits until so many bytes may go. */
  take(bytes: number, signal?: AbortSignal): Promise<void>;
}

const mostPieceBytes = 64 * 1024;

/** A rate in bytes a second, without bursts: each piece waits until those before it would have gone. */
export function createRateLimit(bytesPerSecond: number, clock: Clock): RateLimit {
  let freeAtMs = -Infinity;
  return {
    pieceBytes: Math.min(mostPieceBytes, Math.max(1, Math.ceil(bytesPerSecond / 20))),
    async take(bytes, signal) {
      const nowMs = clock.now();
      freeAtMs = Math.max(nowMs, freeAtMs) + (bytes / bytesPerSecond) * 1000;
      if (freeAtMs > nowMs) await clock.sleep(freeAtMs - nowMs, signal);
    },
  };
}
