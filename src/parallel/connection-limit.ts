import type { ByteStream } from '../streams/byte-source.ts';
import { createWaitingLine } from './waiting-line.ts';

/**
 * How many bodies go over the link at once, for the whole process. Only bodies stand in this line; existence checks and other small requests never wait behind them.
 *
 * Blobs finish one after another instead of all at the end: what belongs to the blob that began first goes first, and what the first cannot use (its source is slow, its
 * last parts are on their way) goes to the next. So nobody is passed by a blob that began later, and a line that breaks leaves whole blobs behind.
 */
export interface ConnectionLimit {
  /**
   * Waits for a free connection, does the work and frees it. The work must not wait for another `run` of the same limit.
   * Rejects with code `aborted` when the signal aborts before the work began.
   */
  readonly run: <T>(work: (carry: Carry) => Promise<T>, options?: RunOptions) => Promise<T>;
  /** For a body that goes over a connection of its own, in no line. */
  readonly carry: (stream: ByteStream, signal?: AbortSignal) => ByteStream;
  /** Whether a connection is free, and nobody waits for one. */
  readonly hasFree: boolean;
  /** Connections that carry something now. */
  readonly inUse: number;
  /** Connections that may, now. */
  readonly limit: number;
  /** The next turn: larger than all before. */
  readonly takeTurn: () => number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of all that wait, the smallest turn goes first, and among equals who came first; 0, before all blobs, if left out. */
  readonly turn?: number | undefined;
}

/** Passes the body on that goes over the connection, counted and held to the rate that the user allows. */
export type Carry = (stream: ByteStream) => ByteStream;

/** What decides how many there are, and looks at how they fare. */
export interface ConnectionPolicy {
  /** Connections now. */
  limit(): number;
  /** Put around each work. */
  around<T>(work: () => Promise<T>): Promise<T>;
  /** Put around each body. */
  carry(stream: ByteStream, link: Link, signal: AbortSignal | undefined): ByteStream;
}

/** The connections as a policy sees them. */
export interface Link {
  readonly inUse: number;
  /** Lets in whoever may come now that the limit is another. */
  advance(): void;
}

/** As many connections as are used where nothing else was said. */
const defaultConnections = 16;

/** A fixed number of connections. */
export function createConnectionLimit(connections: number = defaultConnections): ConnectionLimit {
  return createPolicedLimit({ limit: () => connections, around: (work) => work(), carry: (stream) => stream });
}

/** As many connections as a policy says from moment to moment. Where it says less than are in use, those that are go on to their end. */
export function createPolicedLimit(policy: ConnectionPolicy): ConnectionLimit {
  const line = createWaitingLine();
  let inUse = 0;
  let turns = 0;
  const take = (): boolean => {
    if (inUse >= policy.limit()) return false;
    inUse += 1;
    return true;
  };
  const link: Link = {
    get inUse() {
      return inUse;
    },
    advance: line.advance,
  };
  return {
    get hasFree() {
      return line.length === 0 && inUse < policy.limit();
    },
    get inUse() {
      return inUse;
    },
    get limit() {
      return policy.limit();
    },
    takeTurn: () => (turns += 1),
    carry: (stream, signal) => policy.carry(stream, link, signal),
    async run(work, { signal, turn } = {}) {
      await line.join(take, signal, turn);
      try {
        return await policy.around(() => work((stream) => policy.carry(stream, link, signal)));
      } finally {
        inUse -= 1;
        line.advance();
      }
    },
  };
}
