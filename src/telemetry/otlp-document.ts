import type { TracePointName } from '../streams/trace.ts';
import { describeFailure, type Fact, nameSpan, readFacts } from './describe-span.ts';
import type { Span } from './span.ts';

/** What all spans of a process have in common. */
export interface OtlpOrigin {
  readonly traceId: string;
  /** The span of another process that called this one. */
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  /** When the process began, in milliseconds since 1970. */
  readonly beganAtMs: number;
}

/** Kinds of `opentelemetry.proto.trace.v1.Span.SpanKind`. */
const internalKind = 1;
const clientKind = 3;
/** `Status.StatusCode.STATUS_CODE_ERROR`; nothing is said of spans that went well. */
const errorStatus = 2;
/** W3C: the trace is kept. */
const sampledFlag = 1;

/** Facts that the semantic conventions of HTTP have names for. */
const httpNames: Readonly<Record<string, string>> = {
  method: 'http.request.method',
  url: 'url.full',
  status: 'http.response.status_code',
  bytes: 'http.request.body.size',
};

/** Spans as `ExportTraceServiceRequest` of OTLP 1, in its JSON encoding: ids in hex, 64-bit numbers as strings, members in camel case. */
export function formatOtlpDocument(spans: readonly Span[], origin: OtlpOrigin): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: formatAttributes(origin.resource) },
        scopeSpans: [{ scope: { name: 'bucketry', version: origin.version }, spans: spans.map((span) => formatSpan(span, origin)) }],
      },
    ],
  };
}

function formatSpan(span: Span, { traceId, parentSpanId, traceState, beganAtMs }: OtlpOrigin): object {
  const failure = describeFailure(span);
  const facts = { ...readFacts(span), ...(failure && { error: failure.code }) };
  // What was stopped because it was no longer needed has not failed
  const isError = failure !== undefined && failure.code !== 'aborted';
  return {
    traceId,
    spanId: span.spanId,
    ...withMember('parentSpanId', span.parent?.spanId ?? parentSpanId),
    ...withMember('traceState', traceState),
    flags: sampledFlag,
    name: nameSpan(span),
    kind: span.point === 'request' ? clientKind : internalKind,
    startTimeUnixNano: toNanoseconds(beganAtMs + span.startedAtMs),
    endTimeUnixNano: toNanoseconds(beganAtMs + (span.endedAtMs ?? span.startedAtMs)),
    attributes: formatAttributes(renameFacts(span.point, facts)),
    ...(isError && { status: { code: errorStatus, message: failure.message } }),
  };
}

function withMember(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}

function renameFacts(point: TracePointName, facts: Readonly<Record<string, Fact>>): Record<string, Fact> {
  const rename = (name: string): string => {
    if (name === 'error') return 'error.type';
    return (
      (point === 'request' ? httpNames[name] : undefined) ?? `bucketry.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    );
  };
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [rename(name), value]));
}

function formatAttributes(facts: Readonly<Record<string, Fact>>): object[] {
  return Object.entries(facts).map(([key, value]) => ({ key, value: formatValue(value) }));
}

function formatValue(value: Fact): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** Nanoseconds as a decimal string, to the microsecond: a double holds no more of a time since 1970. */
function toNanoseconds(timeMs: number): string {
  return `${Math.round(timeMs * 1000)}000`;
}
