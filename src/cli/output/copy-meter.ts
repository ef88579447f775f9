import type { Descriptor } from '../../oci/descriptor.ts';
import type { TransferEvent } from '../../transfer/events.ts';

/** One blob under way. */
interface BlobProgress {
  readonly digest: string;
  /** Bytes in all. */
  readonly size: number;
  /** What is there of it, also from an earlier copy that broke off. */
  readonly sentBytes: number;
}

/** What a copy has done and has to do. What is there already is not counted among it. */
export interface CopyProgress {
  readonly active: readonly BlobProgress[];
  readonly totalBytes: number;
  readonly doneBytes: number;
  readonly blobCount: number;
  readonly doneCount: number;
  readonly skippedCount: number;
  /** Bytes, of all blobs, that an earlier copy that broke off had sent. */
  readonly resumedBytes: number;
  /** Connections in use; undefined where the copy goes over none that are counted. */
  readonly connections: number | undefined;
  /** Over the last seconds; undefined until something can be said. */
  readonly bytesPerSecond: number | undefined;
  readonly remainingMs: number | undefined;
}

/** Sums up a copy's events in bytes and over time. It knows nothing of how that is shown. */
export interface CopyMeter {
  onEvent(event: TransferEvent): void;
  read(): CopyProgress;
}

/** The rate is that of this much time: long enough to be calm, short enough to be true. */
const rateWindowMs = 4000;
const leastSpanMs = 400;

/** Begins to measure a copy. `now` gives milliseconds of a clock that never steps back. */
export function createCopyMeter(now: () => number, countConnections?: () => number): CopyMeter {
  const rate = createRate(now);
  const active = new Map<string, { readonly size: number; sentBytes: number }>();
  let plan = { blobs: 0, bytes: 0, skippedBlobs: 0 };
  let finishedBytes = 0;
  let resumedBytes = 0;
  let doneCount = 0;

  const finish = ({ digest, size }: Descriptor): void => {
    active.delete(digest);
    finishedBytes += size;
    doneCount += 1;
  };

  return {
    onEvent: (event) => {
      if (event.kind === 'plan' || event.kind === 'packing') {
        plan = event.kind === 'plan' ? event.plan : { blobs: event.layers, bytes: event.bytes, skippedBlobs: 0 };
        active.clear();
        finishedBytes = 0;
        resumedBytes = 0;
        doneCount = 0;
      } else if (event.kind === 'blob-started') active.set(event.blob.digest, { size: event.blob.size, sentBytes: 0 });
      else if (event.kind === 'blob-done') finish(event.blob);
      else if (event.kind === 'layer-packed') finish(event.layer);
      else if (event.kind === 'blob-progress') {
        rate.add(event.bytes);
        const blob = active.get(event.blob.digest);
        if (blob) blob.sentBytes += event.bytes;
      } else if (event.kind === 'blob-resumed') {
        // No bytes over the link, so none of the rate
        resumedBytes += event.bytes;
        const blob = active.get(event.blob.digest);
        if (blob) blob.sentBytes += event.bytes;
      }
    },
    read: () => {
      const blobs = [...active].map(([digest, blob]) => ({ digest, ...blob }));
      const doneBytes = blobs.reduce((sum, blob) => sum + blob.sentBytes, finishedBytes);
      const bytesPerSecond = rate.read();
      return {
        active: blobs,
        totalBytes: plan.bytes,
        doneBytes,
        blobCount: plan.blobs,
        doneCount,
        skippedCount: plan.skippedBlobs,
        resumedBytes,
        connections: countConnections?.(),
        bytesPerSecond,
        remainingMs: bytesPerSecond ? (Math.max(0, plan.bytes - doneBytes) * 1000) / bytesPerSecond : undefined,
      };
    },
  };
}

/** Bytes a second over the window that ends now. */
function createRate(now: () => number): { add(bytes: number): void; read(): number | undefined } {
  let sentBytes = 0;
  const samples = [{ atMs: now(), bytes: 0 }];
  return {
    add: (bytes) => void (sentBytes += bytes),
    read: () => {
      const atMs = now();
      samples.push({ atMs, bytes: sentBytes });
      // The first sample is the last one that is as old as the window.
      while (samples[1] !== undefined && atMs - samples[1].atMs >= rateWindowMs) samples.shift();
      const [first] = samples;
      if (!first || atMs - first.atMs < leastSpanMs) return undefined;
      return Math.max(0, ((sentBytes - first.bytes) * 1000) / (atMs - first.atMs));
    },
  };
}
