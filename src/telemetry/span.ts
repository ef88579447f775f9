import type { TracePointName } from '../streams/trace.ts';

/** One piece of work from its start to its end, within another. */
export interface Span {
  readonly point: TracePointName;
  /** 16 lower-case hex digits, of this span alone. */
  readonly spanId: string;
  readonly parent: Span | undefined;
  /** What was published, as it is by now: facts are added while the work goes on. */
  readonly context: object;
  /** Milliseconds since the process began. */
  readonly startedAtMs: number;
  /** Undefined while the work goes on. */
  endedAtMs: number | undefined;
  /** What the work threw, where it failed. */
  failure: unknown;
}

/** Told of spans as they come. What it throws would end up in the work that is watched, so it must not throw. */
export interface SpanListener {
  readonly onStart?: ((span: Span) => void) | undefined;
  readonly onEnd: (span: Span) => void;
}
