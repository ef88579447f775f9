import type { ByteSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { tracePoints } from '../streams/trace-points.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { type CountedSource, countedSource } from './counted-source.ts';
import { partBytes, type PartRange } from './part-plan.ts';

/** What becomes of one part: sends it, or finds that it is there already. */
export type SendPart<R> = (part: PartRange, bytes: PartBytes, signal: AbortSignal) => Promise<R>;

/** The bytes of a part, in memory; they may be opened as often as need be. */
export interface PartBytes {
  /** To be looked at. */
  readonly bytes: ByteSource;
  /** To be sent: the same, counted and at the pace that the link allows. */
  readonly outgoing: ByteSource;
}

/** How to tell what the store has after one part was sent twice. */
export interface Resending<R> {
  readonly clock: Clock;
  /** Whether this answer is the only one that the store can give for these bytes, so that it does not matter which of two requests it carries out last. */
  isOnlyAnswer(bytes: ByteSource, result: R): Promise<boolean>;
  /** Asks the store which of the answers holds, when no request is under way any more. */
  findLast(part: PartRange, results: readonly R[]): Promise<R>;
}

export interface AttemptOptions<R> {
  readonly send: SendPart<R>;
  readonly connections: ConnectionLimit;
  readonly turn: number;
  readonly signal: AbortSignal;
  readonly onProgress?: ((bytes: number) => void) | undefined;
  readonly resending?: Resending<R> | undefined;
}

/** One part on its way, perhaps twice. */
export interface PartAttempts<R> {
  readonly part: PartRange;
  /** When its first request began; undefined while it waits for a connection. */
  readonly beganAtMs: number | undefined;
  readonly isResent: boolean;
  /** How the part fares: what its first answer was, after all its requests have ended. */
  readonly result: Promise<R>;
  /** Sends it once more beside the first; whichever is answered first wins, the other is aborted and waited for. Says no where the part is done already. */
  resend(): boolean;
  /** Bytes that its first request has taken; none for a part that was found there. */
  readonly sentBytes: number;
  /** Bytes that were sent in vain; known when `result` is. */
  readonly extraBytes: number;
}

type Outcome<R> = { readonly value: R } | { readonly error: unknown };

interface Attempt<R> {
  readonly abort: AbortController;
  /** Never rejects, so that one that nobody waits for any more is no lost promise. */
  readonly outcome: Promise<Outcome<R>>;
  /** What it sends; undefined while it waits for a connection. */
  counted(): CountedSource | undefined;
}

/** Begins to send a part. */
export function beginPart<R>(part: PartRange, bytes: ByteSource, options: AttemptOptions<R>): PartAttempts<R> {
  const { send, connections, turn, signal, onProgress, resending } = options;
  const attempts: Attempt<R>[] = [];
  const first = Promise.withResolvers<{ readonly attempt: Attempt<R>; readonly value: R }>();
  let beganAtMs: number | undefined;
  let pending = 0;
  let isAnswered = false;
  let extraBytes = 0;

  const begin = (): void => {
    const attemptNumber = attempts.length + 1;
    const abort = new AbortController();
    const either = AbortSignal.any([signal, abort.signal]);
    let counted: CountedSource | undefined;
    const run = connections.run(
      async (carry) => {
        beganAtMs ??= resending?.clock.now();
        const { size, seekable } = bytes;
        counted = countedSource({ size, seekable, open: (openOptions) => carry(bytes.open(openOptions)) }, onProgress);
        const outgoing = counted;
        return tracePoints.part.run(
          () => send(part, { bytes, outgoing }, either),
          () => ({ part: part.partNumber, bytes: partBytes(part), attempt: attemptNumber }),
        );
      },
      { signal: either, turn },
    );
    const outcome = run.then(
      (value): Outcome<R> => ({ value }),
      (error: unknown): Outcome<R> => ({ error }),
    );
    const attempt: Attempt<R> = { abort, outcome, counted: () => counted };
    attempts.push(attempt);
    pending += 1;
    void outcome.then((settled) => onEnd(attempt, settled));
  };
  const onEnd = (attempt: Attempt<R>, outcome: Outcome<R>): void => {
    pending -= 1;
    isAnswered ||= 'value' in outcome || pending === 0;
    if ('value' in outcome) first.resolve({ attempt, value: outcome.value });
    else if (pending === 0) first.reject(outcome.error);
  };

  /** What the store has after both requests have ended. */
  const settle = async (winner: Attempt<R>, value: R): Promise<R> => {
    const others = attempts.filter((attempt) => attempt !== winner);
    if (others.length === 0 || !resending) return value;
    const isOnly = await resending.isOnlyAnswer(bytes, value);
    if (isOnly) for (const { abort } of others) abort.abort();
    const outcomes = await Promise.all(others.map(({ outcome }) => outcome));
    for (const other of others) {
      extraBytes += other.counted()?.takenBytes ?? 0;
      other.counted()?.takeBack();
    }
    if (isOnly) return value;
    return resending.findLast(part, [value, ...outcomes.flatMap((outcome) => ('value' in outcome ? [outcome.value] : []))]);
  };

  begin();
  return {
    part,
    get beganAtMs() {
      return beganAtMs;
    },
    get isResent() {
      return attempts.length > 1;
    },
    get sentBytes() {
      return attempts[0]?.counted()?.takenBytes ?? 0;
    },
    get extraBytes() {
      return extraBytes;
    },
    resend() {
      if (!isAnswered) begin();
      return !isAnswered;
    },
    result: first.promise.then(({ attempt, value }) => settle(attempt, value)),
  };
}
