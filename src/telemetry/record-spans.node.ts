import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { tracingChannel } from 'node:diagnostics_channel';
import { type TracePointName, traceChannelNames } from '../streams/trace.ts';
import type { Span, SpanListener } from './span.ts';

/** What is listening; until `stop`. */
export interface SpanRecorder {
  /** Hears no more, which makes all channels free of cost again. Spans that have not ended never will. */
  stop(): void;
}

/**
 * Makes spans of what the tracing channels tell. A span's parent is the one in whose course it was begun: the store that is bound to a channel's start follows the work
 * through every await, so nobody has to hand parents on.
 */
export function recordSpans(listeners: readonly SpanListener[], now: () => number = () => performance.now()): SpanRecorder {
  const current = new AsyncLocalStorage<Span>();
  const points = Object.keys(traceChannelNames) as TracePointName[];
  const stops = points.map((point) => recordPoint(point, { current, listeners, now }));
  return { stop: () => stops.forEach((stop) => stop()) };
}

interface Recording {
  readonly current: AsyncLocalStorage<Span>;
  readonly listeners: readonly SpanListener[];
  readonly now: () => number;
}

function recordPoint(point: TracePointName, { current, listeners, now }: Recording): () => void {
  const channel = tracingChannel(traceChannelNames[point]);
  const open = new WeakMap<object, Span>();

  const begin = (context: object): Span => {
    const spanId = randomBytes(8).toString('hex');
    const span: Span = { point, spanId, parent: current.getStore(), context, startedAtMs: now(), endedAtMs: undefined, failure: undefined };
    open.set(context, span);
    for (const { onStart } of listeners) onStart?.(span);
    return span;
  };
  const end = (context: object): void => {
    const span = open.get(context);
    if (!span) return;
    open.delete(context);
    span.endedAtMs = now();
    if ('error' in context) span.failure = context.error;
    for (const { onEnd } of listeners) onEnd(span);
  };
  // `end` is told when the work has given its promise; the span ends with the promise, or at once where the work threw before it gave one
  const subscribers = {
    start: () => {},
    end: (context: object) => ('error' in context ? end(context) : undefined),
    asyncStart: () => {},
    asyncEnd: end,
    error: () => {},
  };
  channel.start.bindStore(current, begin);
  channel.subscribe(subscribers);
  return () => {
    channel.unsubscribe(subscribers);
    channel.start.unbindStore(current);
  };
}
