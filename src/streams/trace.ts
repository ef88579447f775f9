import { builtin, type NodeTracingChannel } from './builtin.ts';

/** The tracing channels of this library: `tracing:<name>:start` and so on, in `node:diagnostics_channel`. */
export const traceChannelNames = {
  /** One operation on a bucket; see `BucketTrace`. */
  bucket: 'bucketry:bucket',
} as const;

/** Publishes what is done to whoever subscribed, and costs one comparison where nobody did. */
export interface TraceChannel<C extends object> {
  /** Whether anyone listens now. */
  readonly active: boolean;
  /** Runs, and tells of start, end and failure with the context, which is only made where somebody listens; subscribers see `result` or `error` added to it. */
  run<T>(work: () => Promise<T>, context: () => C): Promise<T>;
}

/** A channel by name; one that nobody can hear, where the runtime has no tracing channels. */
export function openTraceChannel<C extends object>(name: string): TraceChannel<C> {
  let channel: NodeTracingChannel | undefined;
  try {
    channel = builtin('node:diagnostics_channel')?.tracingChannel(name);
  } catch {
    // A runtime may have the module and not this function; it has no listeners then either.
  }
  return {
    get active() {
      return channel?.hasSubscribers === true;
    },
    run: (work, context) => (channel?.hasSubscribers === true ? channel.tracePromise(work, context()) : work()),
  };
}
