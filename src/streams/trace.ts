import { builtin, type NodeTracingChannel } from './builtin.ts';

/** The tracing channels of this library: `tracing:<name>:start` and so on, in `node:diagnostics_channel`. `trace-points.ts` says what each tells. */
export const traceChannelNames = {
  command: 'bucketry:command',
  copy: 'bucketry:copy',
  step: 'bucketry:step',
  blob: 'bucketry:blob',
  part: 'bucketry:part',
  range: 'bucketry:range',
  bucket: 'bucketry:bucket',
  request: 'bucketry:request',
  retry: 'bucketry:retry',
  compress: 'bucketry:compress',
  hash: 'bucketry:hash',
} as const;

/** What can be listened to. */
export type TracePointName = keyof typeof traceChannelNames;

/** Publishes what is done to whoever subscribed, and costs one comparison where nobody did. */
export interface TraceChannel<C extends object> {
  /** Whether anyone listens now. */
  readonly active: boolean;
  /**
   * Runs, and tells of start, end and failure with the context, which is only made where somebody listens; subscribers see `result` or `error` added to it. The work gets the
   * context, to add what shows only on the way; undefined where nobody listens.
   */
  run<T>(work: (context: C | undefined) => Promise<T>, context: () => C): Promise<T>;
  /** As `run`, of something that is read: it lasts from the first item asked for to the end, or until the reader leaves. */
  iterate<T>(open: (context: C | undefined) => AsyncIterable<T>, context: () => C): AsyncIterable<T>;
}

/** A channel by name; one that nobody can hear, where the runtime has no tracing channels. */
export function openTraceChannel<C extends object>(name: string): TraceChannel<C> {
  let channel: NodeTracingChannel | undefined;
  try {
    channel = builtin('node:diagnostics_channel')?.tracingChannel(name);
  } catch {
    // A runtime may have the module and not this function; it has no listeners then either.
  }
  const trace: TraceChannel<C> = {
    get active() {
      return channel?.hasSubscribers === true;
    },
    run(work, context) {
      if (channel?.hasSubscribers !== true) return work(undefined);
      const made = context();
      return channel.tracePromise(() => work(made), made);
    },
    iterate: (open, context) => (trace.active ? iterateTraced(trace, open, context) : open(undefined)),
  };
  return trace;
}

async function* iterateTraced<C extends object, T>(
  channel: TraceChannel<C>,
  open: (context: C | undefined) => AsyncIterable<T>,
  context: () => C,
): AsyncGenerator<T, undefined> {
  const made = context();
  const ended = Promise.withResolvers<undefined>();
  const traced = channel.run(
    () => ended.promise,
    () => made,
  );
  traced.catch(() => undefined);
  try {
    yield* open(made);
  } catch (error) {
    ended.reject(error);
    throw error;
  } finally {
    ended.resolve(undefined);
  }
}
