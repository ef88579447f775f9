import type { PieceWriter } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { tracePoints } from '../streams/trace-points.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Carry, ConnectionLimit } from './connection-limit.ts';
import { exactRanges, RangesIgnored } from './exact-ranges.ts';
import { planParts } from './part-plan.ts';
import { RangeQueue, type RangeUnderWay } from './range-queue.ts';
import { type OpenRange, resumeRange } from './resume-range.ts';

export interface ScatterRangesOptions {
  readonly size: number;
  /** Bytes of one request. */
  readonly rangeBytes: number;
  readonly budget: ByteBudget;
  readonly connections: ConnectionLimit;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Ranges that stand in line for a connection, or are under way: as many as there can ever be connections, so that other blobs get their turns. */
const maxBegun = 64;
/** Memory that one answer is read into, roughly, whatever its size. */
const answerBytes = 1024 * 1024;

/**
 * Reads bytes by many ranged requests side by side, and writes each piece as it arrives: nothing waits in memory for what comes before it. A range that breaks off is resumed, the end of one that is late is taken over (see `RangeQueue`).
 * The bytes are not verified: who has written them knows their digest.
 *
 * Where an answer shows that ranges are ignored, all of it comes as one stream, once more from the first byte.
 */
export async function scatterRanges(open: OpenRange, write: PieceWriter, options: ScatterRangesOptions): Promise<void> {
  const { size, rangeBytes, connections, signal } = options;
  // Blobs take turns in the order they began in, so that the first ends first; what is small goes before all of them
  const turn = connections.takeTurn();
  try {
    const openExactly = exactRanges(open);
    const queue = new RangeQueue(planParts(size, rangeBytes), options.clock, () => connections.hasFree);
    const fetch = (range: RangeUnderWay, one: AbortSignal): Promise<void> =>
      fetchRange(openExactly, range, write, { ...options, turn, signal: one }).finally(() => queue.end(range));
    await forEachConcurrently(queue.take(), maxBegun, fetch, signal);
  } catch (error) {
    if (!(error instanceof RangesIgnored)) throw error;
    const whole: RangeUnderWay = { start: 0, end: size, position: 0, beganAtMs: undefined };
    await fetchRange(open, whole, write, { ...options, turn, signal: signal ?? new AbortController().signal });
  }
}

interface FetchOptions extends ScatterRangesOptions {
  readonly turn: number;
  readonly signal: AbortSignal;
}

function fetchRange(open: OpenRange, range: RangeUnderWay, write: PieceWriter, options: FetchOptions): Promise<void> {
  const { budget, connections, clock, turn, signal } = options;
  const fetch = async (carry: Carry): Promise<void> => {
    const { start, end } = range;
    range.beganAtMs = clock.now();
    for await (const piece of carry(resumeRange(open, start, end, clock, signal))) {
      const { position } = range;
      const wanted = piece.subarray(0, range.end - position);
      range.position += wanted.byteLength;
      await write(wanted, position);
      // Only where others have taken over the rest: an answer that is read to its end leaves its connection free
      if (range.end < end && range.position === range.end) break;
    }
  };
  const fetchTraced = (carry: Carry): Promise<void> =>
    tracePoints.range.run(
      () => fetch(carry),
      () => ({ start: range.start, bytes: range.end - range.start }),
    );
  return connections.run(
    async (carry) => {
      const lease = await budget.acquire(answerBytes, signal, turn);
      await fetchTraced(carry).finally(() => lease.release());
    },
    { signal, turn },
  );
}
