import type { Clock } from '../streams/clock.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { PartAttempts } from './part-attempts.ts';
import { partBytes } from './part-plan.ts';

/** Of an upload's bytes, at most so many are sent in vain. */
const mostExtra = 0.1;
/** A part is late when it takes so much longer than half of the others did, and a moment besides, or will at the pace that it has shown. */
const lateFactor = 1.5;
const marginMs = 100;

/** Sends late parts of one upload once more. */
export interface LateParts<R> {
  /** Takes part in the watch until its result is there. */
  add(attempts: PartAttempts<R>): void;
  /** Begins the watch: all parts have begun, so no connection is better used for another. Resolves when no part could be re-sent any more, or the signal aborts. */
  watch(signal: AbortSignal): Promise<void>;
}

/**
 * Once the queue is empty and connections are free, parts that take much longer than half of the others did are sent again on another connection: one slow connection would
 * else decide when the upload ends. What that costs is bounded: a second request is only begun when, even if all of it were in vain, no more than a tenth of the upload
 * would be.
 */
export function createLateParts<R>(totalBytes: number, connections: ConnectionLimit, clock: Clock): LateParts<R> {
  const running = new Set<PartAttempts<R>>();
  const durationsMs: number[] = [];
  let extraBytes = 0;
  let reservedBytes = 0;
  let wake = Promise.withResolvers<void>();

  const finish = (attempts: PartAttempts<R>, isDone: boolean): void => {
    running.delete(attempts);
    if (isDone && attempts.sentBytes > 0 && attempts.beganAtMs !== undefined) durationsMs.push(clock.now() - attempts.beganAtMs);
    if (attempts.isResent) {
      reservedBytes -= partBytes(attempts.part);
      extraBytes += attempts.extraBytes;
    }
    wake.resolve();
    wake = Promise.withResolvers();
  };
  /** The part that is worst off: there is not enough to spend for all. */
  const findCandidate = (): PartAttempts<R> | undefined =>
    [...running]
      .filter((attempts) => !attempts.isResent && attempts.beganAtMs !== undefined)
      .toSorted((a, b) => a.sentBytes - b.sentBytes || (a.beganAtMs ?? 0) - (b.beganAtMs ?? 0))[0];
  const medianMs = (): number | undefined =>
    durationsMs.length < running.size ? undefined : durationsMs.toSorted((a, b) => a - b)[Math.floor(durationsMs.length / 2)];
  const isAffordable = (attempts: PartAttempts<R>): boolean =>
    extraBytes + reservedBytes + partBytes(attempts.part) <= totalBytes * mostExtra;

  /** Re-sends one late part, or says for how long to wait: a time, or until the next part is done. */
  const step = (): number | 'next' => {
    const [candidate, median] = [findCandidate(), medianMs()];
    if (!candidate || median === undefined || !isAffordable(candidate) || !connections.hasFree) return 'next';
    const waitMs = timeUntilLate(candidate, median, clock.now());
    if (waitMs > 0) return Math.ceil(waitMs);
    if (!candidate.resend()) return 'next';
    reservedBytes += partBytes(candidate.part);
    return 0;
  };

  return {
    add(attempts) {
      running.add(attempts);
      attempts.result.then(
        () => finish(attempts, true),
        () => finish(attempts, false),
      );
    },
    async watch(signal) {
      while (running.size > 0 && !signal.aborted) {
        const wait = step();
        if (wait === 0) continue;
        const next = wake.promise;
        await (wait === 'next' ? next : sleepOrWake(clock, wait, next, signal));
      }
    },
  };
}

/** How long to wait before a part can be called late; 0 where it is. */
function timeUntilLate({ beganAtMs = 0, sentBytes, part }: PartAttempts<unknown>, medianMs: number, nowMs: number): number {
  const goneMs = nowMs - beganAtMs;
  if (goneMs < medianMs) return medianMs - goneMs;
  // A connection may have taken more than it has sent, never less
  const leftMs = sentBytes === 0 ? 0 : (goneMs / sentBytes) * (partBytes(part) - sentBytes);
  const lateMs = medianMs * lateFactor + marginMs;
  return leftMs > lateMs ? 0 : Math.max(0, lateMs - goneMs);
}

/** Sleeps, unless something happens before. */
async function sleepOrWake(clock: Clock, durationMs: number, wake: Promise<void>, signal: AbortSignal): Promise<void> {
  const awake = new AbortController();
  const asleep = clock.sleep(durationMs, AbortSignal.any([signal, awake.signal])).catch(() => undefined);
  await Promise.race([asleep, wake]);
  awake.abort();
  await asleep;
}
