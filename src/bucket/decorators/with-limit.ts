import { throwIfAborted } from '../../errors/registry-error.ts';
import { type Clock, systemClock } from '../../streams/clock.ts';
import { createGate } from '../../streams/gate.ts';
import type { Bucket } from '../bucket.ts';
import type { ObjectKey } from '../object-key.ts';
import { aroundBucket, type BucketOperation, type BucketOperationName } from './around-bucket.ts';

export interface LimitOptions {
  /** Reads under way at once, and writes under way at once. */
  readonly maxRequests: number;
  /** Least time from the end of one write of a key to the next, in milliseconds; what the bucket's abilities say, if left out. */
  readonly minWriteIntervalMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What counts as a write of its key. */
const writes: ReadonlySet<BucketOperationName> = new Set<BucketOperationName>(['put', 'delete', 'copy', 'complete']);
const reads: ReadonlySet<BucketOperationName> = new Set<BucketOperationName>(['get', 'head', 'list', 'listParts', 'listUploads']);

/**
 * Bounds the requests under way, and keeps writes of one key apart (R2 takes one a second). Reads and writes are counted apart, and a `get` only until its headers
 * are known: a put whose body is read from the same bucket could otherwise wait for itself.
 */
export function withLimit(inner: Bucket, options: LimitOptions): Bucket {
  const { maxRequests, minWriteIntervalMs = inner.abilities.minWriteIntervalMs, clock = systemClock } = options;
  const reading = createGate(maxRequests);
  const writing = createGate(maxRequests);
  const space = createWriteSpacer(minWriteIntervalMs, clock);
  return aroundBucket(inner, {
    call<T>({ name, key, signal }: BucketOperation, run: () => Promise<T>): Promise<T> {
      if (name === 'presign') return run();
      const limited = (): Promise<T> => (reads.has(name) ? reading : writing).run(run, signal);
      return key !== undefined && writes.has(name) ? space(key, limited, signal) : limited();
    },
    async *iterate({ signal }, open) {
      const pages = open()[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await reading.run(() => pages.next(), signal);
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        await pages.return?.();
      }
    },
  });
}

/** Runs writes of one key one after the other, `intervalMs` apart. */
function createWriteSpacer(
  intervalMs: number,
  clock: Clock,
): <T>(key: ObjectKey, write: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T> {
  const lastEnds = new Map<ObjectKey, number>();
  const queues = new Map<ObjectKey, Promise<unknown>>();

  const writeInTurn = async <T>(key: ObjectKey, write: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    throwIfAborted(signal);
    const waitMs = (lastEnds.get(key) ?? -Infinity) + intervalMs - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    try {
      return await write();
    } finally {
      lastEnds.set(key, clock.now());
    }
  };
  const forgetOld = (): void => {
    for (const [key, endMs] of lastEnds) {
      if (endMs + intervalMs > clock.now()) return;
      lastEnds.delete(key);
    }
  };

  return (key, write, signal) => {
    if (intervalMs <= 0) return write();
    forgetOld();
    const before = queues.get(key) ?? Promise.resolve();
    const turn = before.then(() => writeInTurn(key, write, signal));
    const settled = turn.then(
      () => undefined,
      () => undefined,
    );
    queues.set(key, settled);
    void settled.then(() => queues.get(key) === settled && queues.delete(key));
    return turn;
  };
}
