import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { throwIfAborted } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';

/** What was opened: the range that was asked for, or more where the other end does not know ranges. */
export interface OpenedRange {
  /** First byte that the body gives. */
  readonly start: number;
  /** Bytes that the body gives. */
  readonly contentLength: number;
  readonly body: ByteStream;
}

/** Opens bytes from `start` up to and without `end`. */
export type OpenRange = (start: number, end: number, signal: AbortSignal) => Promise<OpenedRange>;

/** Breaks that another try may mend: the same bytes are still there. */
const passing = ['connection-failed', 'timed-out', 'response-invalid', 'store-unavailable', 'throttled'] as const;
const maxBreaks = 5;
const firstPauseMs = 200;

/**
 * Reads a range, and goes on behind the last byte that came when the stream breaks off: up to five times without a byte in between, each time after twice the pause.
 * Where ranges are ignored, it reads what is given from its beginning and leaves out what was not asked for.
 */
export async function* resumeRange(open: OpenRange, start: number, end: number, clock: Clock, signal: AbortSignal): ByteStream {
  let position = start;
  let breaks = 0;
  while (position < end) {
    try {
      for await (const chunk of readOnce(open, position, end, signal)) {
        position += chunk.byteLength;
        breaks = 0;
        yield chunk;
      }
      if (position < end) throw endedEarly(position, end);
    } catch (error) {
      throwIfAborted(signal);
      breaks += 1;
      if (breaks > maxBreaks || !hasCode(error, ...passing)) throw error;
      const pauseMs = firstPauseMs * 2 ** (breaks - 1);
      await clock.sleep(error.retryAfterMs ?? pauseMs * (0.5 + clock.random() / 2), signal);
    }
  }
}

/** One try; gives exactly the bytes from `start` up to `end`, or fewer when the body ends early. */
async function* readOnce(open: OpenRange, start: number, end: number, signal: AbortSignal): ByteStream {
  const opened = await open(start, end, signal);
  // What is read to its end leaves its connection free for the next range; only what goes on behind it is left.
  const goesOn = opened.start + opened.contentLength > end;
  let offset = opened.start;
  for await (const chunk of opened.body) {
    const wanted = chunk.subarray(Math.max(start - offset, 0), Math.max(end - offset, 0));
    offset += chunk.byteLength;
    if (wanted.byteLength > 0) yield wanted;
    if (offset >= end && goesOn) return;
  }
}

function endedEarly(position: number, end: number): BucketError {
  return new BucketError('response-invalid', `Cannot read bytes ${position} to ${end}: the answer ended before them`);
}
