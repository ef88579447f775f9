/** One blob of a copy. */
export interface BlobProgress {
  readonly digest: string;
  /** Bytes in all. */
  readonly size: number;
  sentBytes: number;
}

/** What a copy has done and has to do, in bytes and over time. It knows nothing of how that is shown. */
export interface CopyMeter {
  plan(blobCount: number, totalBytes: number): void;
  start(digest: string, size: number): void;
  /** Negative when a part is sent again. */
  advance(digest: string, bytes: number): void;
  /** The blob is there: `sent` now, or `skipped` since it was there before. */
  finish(digest: string, size: number, how: 'sent' | 'skipped'): void;
  read(): CopyProgress;
}

export interface CopyProgress {
  readonly active: readonly BlobProgress[];
  /** Bytes planned; those that stand in `doneBytes` were sent or are there already. */
  readonly totalBytes: number;
  readonly doneBytes: number;
  readonly blobCount: number;
  readonly doneCount: number;
  readonly skippedCount: number;
  /** Over the last seconds; undefined until something can be said. */
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
}

/** The rate is that of this much time: long enough to be calm, short enough to be true. */
const rateWindowMs = 4000;
const leastSpanMs = 400;

/** Begins to measure a copy. `now` gives milliseconds of a clock that never steps back. */
export function createCopyMeter(now: () => number): CopyMeter {
  const active = new Map<string, BlobProgress>();
  const samples: { readonly atMs: number; readonly bytes: number }[] = [{ atMs: now(), bytes: 0 }];
  let plannedBytes = 0;
  let plannedCount = 0;
  let finishedBytes = 0;
  let sentBytes = 0;
  let doneCount = 0;
  let skippedCount = 0;

  const rate = (): number | undefined => {
    const atMs = now();
    samples.push({ atMs, bytes: sentBytes });
    // One sample older than the window stays, as the window's beginning.
    while (samples.length > 2 && atMs - (samples[1]?.atMs ?? atMs) >= rateWindowMs) samples.shift();
    const first = samples[0];
    if (!first || atMs - first.atMs < leastSpanMs) return undefined;
    return Math.max(0, ((sentBytes - first.bytes) * 1000) / (atMs - first.atMs));
  };

  return {
    plan: (blobCount, totalBytes) => {
      plannedCount = blobCount;
      plannedBytes = totalBytes;
    },
    start: (digest, size) => void active.set(digest, { digest, size, sentBytes: 0 }),
    advance: (digest, bytes) => {
      const blob = active.get(digest);
      if (!blob) return;
      blob.sentBytes += bytes;
      sentBytes += bytes;
    },
    finish: (digest, size, how) => {
      active.delete(digest);
      finishedBytes += size;
      doneCount += 1;
      if (how === 'skipped') skippedCount += 1;
    },
    read: () => {
      const doneBytes = [...active.values()].reduce((sum, blob) => sum + blob.sentBytes, finishedBytes);
      const totalBytes = Math.max(plannedBytes, doneBytes);
      const bytesPerSecond = rate();
      return {
        active: [...active.values()],
        totalBytes,
        doneBytes,
        blobCount: Math.max(plannedCount, doneCount),
        doneCount,
        skippedCount,
        bytesPerSecond,
        remainingMs: bytesPerSecond === undefined || bytesPerSecond === 0 ? undefined : ((totalBytes - doneBytes) * 1000) / bytesPerSecond,
      };
    },
  };
}
