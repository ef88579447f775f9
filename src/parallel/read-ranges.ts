import type { ByteStream } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { tracePoints } from '../streams/trace-points.ts';
import type { ByteBudget, ByteLease } from './byte-budget.ts';
import type { Carry, ConnectionLimit } from './connection-limit.ts';
import { exactRanges, RangesIgnored } from './exact-ranges.ts';
import { type PartRange, partBytes, planParts } from './part-plan.ts';
import { type OpenRange, resumeRange } from './resume-range.ts';

export interface ReadRangesOptions {
  /** First byte to read. */
  readonly start: number;
  /** First byte not to read. */
  readonly end: number;
  /** Bytes of one request. */
  readonly rangeBytes: number;
  readonly budget: ByteBudget;
  readonly connections: ConnectionLimit;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Ranges that one reader may have under way: enough for the link, so that no reader takes all turns for long. */
const maxAhead = 32;

/**
 * Reads a stretch of bytes by many ranged requests side by side and gives them in order. A range that breaks off is resumed. The bytes are not verified: who reads
 * knows their digest.
 *
 * Ranges ahead of the reader are fetched whole into the look-ahead part of the byte budget. The range that the reader waits for needs no budget where none is left: it is
 * passed on as it arrives, on a connection that stands in no line, so that a reader always gets on whatever others hold.
 *
 * Where an answer shows that ranges are ignored, the rest comes as one stream.
 */
export async function* readRanges(open: OpenRange, options: ReadRangesOptions): ByteStream {
  const signal = options.signal ?? new AbortController().signal;
  let position = options.start;
  try {
    for await (const chunk of readInOrder(exactRanges(open), options, signal)) {
      position += chunk.byteLength;
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof RangesIgnored)) throw error;
    yield* options.connections.carry(resumeRange(open, position, options.end, options.clock, signal), signal);
  }
}

/** A range under way ahead of the reader. */
interface RangeAhead {
  readonly lease: ByteLease;
  /** Never rejects, so that a range which nobody waits for any more is no lost promise. */
  readonly outcome: Promise<{ readonly chunks: readonly Uint8Array[] } | { readonly error: unknown }>;
}

async function* readInOrder(open: OpenRange, options: ReadRangesOptions, outer: AbortSignal): ByteStream {
  const stopped = new AbortController();
  const signal = AbortSignal.any([outer, stopped.signal]);
  const stretch = planParts(options.end - options.start, options.rangeBytes);
  const waiting = stretch.map((part) => ({ ...part, start: options.start + part.start, end: options.start + part.end }));
  const ahead: RangeAhead[] = [];
  try {
    while (ahead.length > 0 || waiting.length > 0) {
      lookAhead(open, waiting, ahead, options, signal);
      const [first] = ahead;
      const next = first ? undefined : waiting.shift();
      if (next) yield* options.connections.carry(resumeRange(open, next.start, next.end, options.clock, signal), signal);
      if (first) yield* await chunksOf(first);
      if (first) ahead.shift()?.lease.release();
    }
  } finally {
    stopped.abort();
    await Promise.all(ahead.map(discard));
  }
}

/** Begins as many ranges as the budget lets be held. */
function lookAhead(open: OpenRange, waiting: PartRange[], ahead: RangeAhead[], options: ReadRangesOptions, signal: AbortSignal): void {
  while (ahead.length < maxAhead) {
    const [part] = waiting;
    const lease = part && options.budget.tryAcquire(partBytes(part));
    if (!part || !lease) return;
    waiting.shift();
    const fetched = options.connections.run((carry) => fetchRange(open, part, options.clock, carry, signal), { signal });
    const outcome = fetched.then(
      (chunks) => ({ chunks }),
      (error: unknown) => ({ error }),
    );
    ahead.push({ lease, outcome });
  }
}

function fetchRange(open: OpenRange, part: PartRange, clock: Clock, carry: Carry, signal: AbortSignal): Promise<Uint8Array[]> {
  return tracePoints.range.run(
    () => collect(carry(resumeRange(open, part.start, part.end, clock, signal))),
    () => ({ start: part.start, bytes: partBytes(part) }),
  );
}

async function collect(stream: ByteStream): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

async function chunksOf({ outcome }: RangeAhead): Promise<readonly Uint8Array[]> {
  const settled = await outcome;
  if ('error' in settled) throw settled.error;
  return settled.chunks;
}

async function discard({ outcome, lease }: RangeAhead): Promise<void> {
  await outcome;
  lease.release();
}
