import type { Clock } from '../streams/clock.ts';

/*
 * How many connections a process should use, learned from what it sees.
 *
 * Start: the shortest round trip of the first requests tells a near store, whose processor is the bottleneck (few connections), from a far one, where each connection is
 * held down by the way there and back (many).
 * Trials: from then on one second of full use at a time is looked at. More connections are tried, and kept only if they brought their share of throughput; where each
 * connection crawls (a slow uplink), half of them are tried, and kept if nothing was lost: fewer parts on their way at once end sooner, and a line that breaks costs less.
 * A second that was not used to the full, and the one right after a change, prove nothing.
 * Trouble (the store asks to slow down or fails, connections break or stall) halves the number, once for all requests that were under way at that moment.
 */

/** Learns how many connections to use. Time is the clock's, and nothing waits: it is told what happens. */
export interface ConnectionTuner {
  /** Connections to use now: at least 1, at most the `maxConnections` it was made with. */
  readonly limit: number;
  /** A small request was answered after so long. Only those before the first bytes count: later ones share the link with them. */
  readonly noteRoundTrip: (durationMs: number) => void;
  /** So many bytes moved, while so many connections were in use. */
  noteBytes(bytes: number, inUse: number): void;
  /** A request that began then was refused by a busy store, broke or stalled. */
  noteTrouble(beganAtMs: number): void;
}

/** The most connections that are ever used where the user sets no other bound. */
export const maxConnections = 64;

const nearConnections = 4;
const unknownConnections = 16;
const farConnections = 32;
/** Round trips of stores in the same building; S3 from its own region takes longer to answer than this. */
const nearMs = 8;
const windowMs = 1000;
/** Below this a connection crawls: a part of 8 MiB takes more than a minute. */
const crawlBytesPerSecond = 128 * 1024;
/** Time that passes after a trial that failed, doubled with each further one. */
const firstRestMs = 8000;
const longestRestMs = 64_000;
/** Of the throughput that so many more connections could bring at best, what they must bring to be kept. */
const leastShare = 0.4;
/** Of the throughput before, what must be left with fewer. */
const leastLeft = 0.9;

interface Trial {
  readonly kind: 'more' | 'fewer';
  readonly limitBefore: number;
  /** Throughput that it must reach, in bytes a second. */
  readonly leastRate: number;
}

interface Window {
  readonly beganAtMs: number;
  bytes: number;
  mostInUse: number;
  leastInUse: number;
}

/** @param most connections that are never exceeded; what is chosen for a far store as well, where it is given */
export function createConnectionTuner(clock: Clock, most?: number): ConnectionTuner {
  const max = Math.max(1, most ?? maxConnections);
  let limit = Math.min(unknownConnections, max);
  let shortestMs = Infinity;
  let hasBegun = false;
  let cutAtMs = -Infinity;
  let window: Window | undefined;
  let isSettling = false;
  let trial: Trial | undefined;
  let restUntilMs = -Infinity;
  let restMs = firstRestMs;
  let neededAll = false;

  const change = (next: number): void => {
    limit = Math.min(max, Math.max(1, next));
    isSettling = true;
    window = undefined;
  };
  const rest = (): void => {
    restUntilMs = clock.now() + restMs;
    restMs = Math.min(restMs * 2, longestRestMs);
  };
  const judge = ({ kind, limitBefore, leastRate }: Trial, rate: number): void => {
    trial = undefined;
    if (rate >= leastRate) {
      restMs = firstRestMs;
      return;
    }
    if (kind === 'fewer') neededAll = true;
    change(limitBefore);
    rest();
  };
  const tryAnother = (rate: number, inUse: number): void => {
    if (!neededAll && inUse > 1 && rate / inUse < crawlBytesPerSecond) {
      trial = { kind: 'fewer', limitBefore: limit, leastRate: rate * leastLeft };
      change(Math.floor(inUse / 2));
    } else if (limit < max && inUse >= limit) {
      const next = Math.min(max, limit + Math.ceil(limit / 4));
      trial = { kind: 'more', limitBefore: limit, leastRate: rate * (1 + leastShare * (next / limit - 1)) };
      change(next);
    }
  };
  const learn = ({ beganAtMs, bytes, mostInUse, leastInUse }: Window): void => {
    if (leastInUse < mostInUse * 0.75) return;
    if (isSettling) {
      isSettling = false;
      return;
    }
    const rate = (bytes / (clock.now() - beganAtMs)) * 1000;
    if (trial) judge(trial, rate);
    if (!isSettling && clock.now() >= restUntilMs) tryAnother(rate, mostInUse);
  };

  return {
    get limit() {
      return limit;
    },
    noteRoundTrip(durationMs) {
      shortestMs = Math.min(shortestMs, durationMs);
      if (hasBegun || cutAtMs > -Infinity) return;
      limit = Math.min(max, shortestMs < nearMs ? nearConnections : (most ?? farConnections));
    },
    noteBytes(bytes, inUse) {
      hasBegun = true;
      window ??= { beganAtMs: clock.now(), bytes: 0, mostInUse: inUse, leastInUse: inUse };
      window.bytes += bytes;
      window.mostInUse = Math.max(window.mostInUse, inUse);
      window.leastInUse = Math.min(window.leastInUse, inUse);
      if (clock.now() - window.beganAtMs < windowMs) return;
      const full = window;
      window = undefined;
      learn(full);
    },
    noteTrouble(beganAtMs) {
      if (beganAtMs < cutAtMs) return;
      cutAtMs = clock.now();
      trial = undefined;
      neededAll = false;
      change(Math.floor(limit / 2));
      rest();
    },
  };
}
