/** The trace that this process takes part in, and the span that called it. */
export interface TraceParent {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** 16 lower-case hex digits. */
  readonly spanId: string;
  /** Whether the caller keeps this trace. */
  readonly isSampled: boolean;
}

const pattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent` (W3C Trace Context, section 3.2). Of later versions, what version 00 has is read.
 * @returns undefined for what is none: then the trace begins here
 */
export function parseTraceparent(text: string | undefined): TraceParent | undefined {
  const [, traceId, spanId, flags, rest] = pattern.exec(text?.trim() ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (rest !== undefined && text?.trim().startsWith('00')) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
