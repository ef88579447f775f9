import { openTraceChannel, type TraceChannel, traceChannelNames } from './trace.ts';

/*
 * What subscribers of each channel get. Contexts are flat: each member is a fact about the work, ready to be shown; Node adds `result` or `error` when it ends.
 */

/** One run of the command line. */
export interface CommandTrace {
  readonly command: string;
}

/** One copy of an image, whatever its ends: a push, a pull. The rest is known when it is done. */
export interface CopyTrace {
  readonly source: string;
  readonly target: string;
  digest?: string;
  blobs?: number;
  bytes?: number;
  skippedBlobs?: number;
}

/** What a copy does beside sending blobs and manifests. */
export interface StepTrace {
  readonly step: 'begin' | 'plan' | 'manifests' | 'settle' | 'commit';
}

/** One blob (a layer, a config) on its way. */
export interface BlobTrace {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: number;
}

/** One part of an upload on its connection; `attempt` 2 is one that was late and is sent once more beside the first. */
export interface PartTrace {
  readonly part: number;
  readonly bytes: number;
  readonly attempt: number;
}

/** One range of a blob that is read ahead, on its connection. */
export interface RangeTrace {
  /** First byte. */
  readonly start: number;
  readonly bytes: number;
}

/** One operation on a bucket; see `withTrace`. */
export interface BucketTrace {
  readonly operation: string;
  /** Without credentials. */
  readonly location: string;
  readonly key?: string | undefined;
}

/** One HTTP request, until the answer's headers are there. The answer's members are missing where there was none. */
export interface RequestTrace {
  readonly method: string;
  /** Without user, query and fragment: never what a signed URL lets in with. */
  readonly url: string;
  /** Of an upload, where the request sends one. */
  readonly part?: number | undefined;
  /** Of the body that is sent. */
  readonly bytes: number;
  status?: number;
  /** What the store or the registry calls this request: their support asks for it. */
  requestId?: string | undefined;
}

/** The wait between a failure and the next try. */
export interface RetryTrace {
  /** The number of the try that failed, from 1. */
  readonly attempt: number;
  /** Code of the failure. */
  readonly code: string;
  readonly delayMs: number;
}

/** One layer that is compressed while it is read. The bytes are those so far. */
export interface CompressTrace {
  readonly format: string;
  bytesIn: number;
  bytesOut: number;
}

/** One stretch of bytes that is digested, mostly while it is read for something else. */
export interface HashTrace {
  readonly algorithm: string;
  readonly bytes: number;
  /** The time that digesting itself took, so far. */
  busyMs: number;
}

/** The channels, for those who publish. */
export interface TracePoints {
  readonly command: TraceChannel<CommandTrace>;
  readonly copy: TraceChannel<CopyTrace>;
  readonly step: TraceChannel<StepTrace>;
  readonly blob: TraceChannel<BlobTrace>;
  readonly part: TraceChannel<PartTrace>;
  readonly range: TraceChannel<RangeTrace>;
  readonly bucket: TraceChannel<BucketTrace>;
  readonly request: TraceChannel<RequestTrace>;
  readonly retry: TraceChannel<RetryTrace>;
  readonly compress: TraceChannel<CompressTrace>;
  readonly hash: TraceChannel<HashTrace>;
}

/** Where work is told of: `tracePoints.part.run(work, context)`. */
export const tracePoints: TracePoints = {
  command: openTraceChannel(traceChannelNames.command),
  copy: openTraceChannel(traceChannelNames.copy),
  step: openTraceChannel(traceChannelNames.step),
  blob: openTraceChannel(traceChannelNames.blob),
  part: openTraceChannel(traceChannelNames.part),
  range: openTraceChannel(traceChannelNames.range),
  bucket: openTraceChannel(traceChannelNames.bucket),
  request: openTraceChannel(traceChannelNames.request),
  retry: openTraceChannel(traceChannelNames.retry),
  compress: openTraceChannel(traceChannelNames.compress),
  hash: openTraceChannel(traceChannelNames.hash),
};
