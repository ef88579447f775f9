import type { PieceWriter } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { tracePoints } from '../streams/trace-points.ts';
import type { Carry, ConnectionLimit } from './connection-limit.ts';
import { exactRanges, RangesIgnored } from './exact-ranges.ts';
import { type PartRange, partBytes, planParts } from './part-plan.ts';
import { type OpenRange, resumeRange } from './resume-range.ts';

export interface ScatterRangesOptions {
  readonly size: number;
  /** Bytes of one request. */
  readonly rangeBytes: number;
  readonly connections: ConnectionLimit;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Ranges that stand in line for a connection, or are under way: as many as there can ever be connections, so that other blobs get their turns. */
const maxBegun = 64;

/**
 * Reads bytes by many ranged requests side by side, and writes each piece as it arrives: nothing waits in memory for what comes before it. A range that breaks off is resumed.
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
    const ranges = planParts(size, rangeBytes);
    await forEachConcurrently(
      ranges,
      maxBegun,
      (range, one) => fetchRange(openExactly, range, write, { ...options, turn, signal: one }),
      signal,
    );
  } catch (error) {
    if (!(error instanceof RangesIgnored)) throw error;
    await fetchRange(open, { partNumber: 1, start: 0, end: size }, write, {
      ...options,
      turn,
      signal: signal ?? new AbortController().signal,
    });
  }
}

interface FetchOptions extends ScatterRangesOptions {
  readonly turn: number;
  readonly signal: AbortSignal;
}

function fetchRange(
  open: OpenRange,
  range: PartRange,
  write: PieceWriter,
  { connections, clock, turn, signal }: FetchOptions,
): Promise<void> {
  const fetch = async (carry: Carry): Promise<void> => {
    let position = range.start;
    for await (const piece of carry(resumeRange(open, range.start, range.end, clock, signal))) {
      await write(piece, position);
      position += piece.byteLength;
    }
  };
  return connections.run(
    (carry) =>
      tracePoints.range.run(
        () => fetch(carry),
        () => ({ start: range.start, bytes: partBytes(range) }),
      ),
    { signal, turn },
  );
}
