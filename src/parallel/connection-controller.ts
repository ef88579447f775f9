import { hasCode } from '../errors/coded-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import type { RequestWatch } from '../streams/request-watch.ts';
import { type ConnectionLimit, createPolicedLimit, type Link } from './connection-limit.ts';
import { createConnectionTuner } from './connection-tuner.ts';
import type { RateLimit } from './rate-limit.ts';

/** Connections whose number follows the link and the store; one for the whole process. */
export interface ConnectionController extends ConnectionLimit {
  /** To be told of every request to the store, also those that are tried again behind the work. */
  readonly watch: RequestWatch;
}

export interface ConnectionControllerOptions {
  readonly clock: Clock;
  /** Bound that the user sets, which a far store gets from the start; 64, and a start of 32, if left out. */
  readonly maxConnections?: number | undefined;
  /** For all bodies together. */
  readonly rate?: RateLimit | undefined;
}

/** Failures that fewer connections may mend. */
const troubles = ['throttled', 'store-unavailable', 'connection-failed', 'timed-out'] as const;
/** Bytes that are counted, and given to a connection, at a time: small enough that a crawling connection shows that it moves. */
const pieceBytes = 512 * 1024;

/** Connections whose number a `ConnectionTuner` chooses. */
export function createConnectionController({ clock, maxConnections, rate }: ConnectionControllerOptions): ConnectionController {
  const tuner = createConnectionTuner(clock, maxConnections);
  const onFailure = (error: unknown, beganAtMs: number): void => {
    if (hasCode(error, ...troubles)) tuner.noteTrouble(beganAtMs);
  };

  async function* carry(stream: ByteStream, link: Link, signal: AbortSignal | undefined): ByteStream {
    for await (const piece of cutPieces(stream, rate?.pieceBytes ?? pieceBytes)) {
      await rate?.take(piece.byteLength, signal);
      yield piece;
      const before = tuner.limit;
      tuner.noteBytes(piece.byteLength, link.inUse);
      if (tuner.limit > before) link.advance();
    }
  }
  const limit = createPolicedLimit({
    limit: () => tuner.limit,
    carry,
    async around(work) {
      const beganAtMs = clock.now();
      try {
        return await work();
      } catch (error) {
        onFailure(error, beganAtMs);
        throw error;
      }
    },
  });
  return {
    run: limit.run,
    carry: limit.carry,
    takeTurn: limit.takeTurn,
    get hasFree() {
      return limit.hasFree;
    },
    get inUse() {
      return limit.inUse;
    },
    get limit() {
      return limit.limit;
    },
    watch: { onAnswer: tuner.noteRoundTrip, onFailure },
  };
}

async function* cutPieces(stream: ByteStream, maxBytes: number): ByteStream {
  for await (const chunk of stream) {
    for (let start = 0; start < chunk.byteLength; start += maxBytes) yield chunk.subarray(start, start + maxBytes);
  }
}
