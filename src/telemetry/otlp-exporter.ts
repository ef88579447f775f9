import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { HttpClient } from '../http/http-client.ts';
import { readRetryAfterMs } from '../http/retry-after.ts';
import { bytesSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { chooseDelay, type RetryPolicy } from '../streams/retry.ts';
import type { OtelSettings } from './otel-settings.ts';
import { formatOtlpDocument, type OtlpOrigin } from './otlp-document.ts';
import type { Span, SpanListener } from './span.ts';

/** Sends spans to a collector while the work goes on. */
export interface OtlpExporter extends SpanListener {
  /**
   * Sends what is left, for at most the timeout of the settings, and a second once the signal aborts. Never throws: telemetry is no reason for a command to fail.
   * @returns why spans were lost, if any were
   */
  flush(signal?: AbortSignal): Promise<string | undefined>;
}

export interface OtlpExporterOptions {
  readonly settings: OtelSettings;
  readonly origin: OtlpOrigin;
  /** Not one that is traced itself. */
  readonly http: HttpClient;
  readonly clock: Clock;
}

/** Spans of one request; that many are sent without waiting for the end. */
const batchSpans = 512;
/** Spans that wait for a collector that is slow or away; more are lost. */
const maxWaiting = 8192;
const policy: RetryPolicy = {
  attempts: 4,
  baseDelayMs: 500,
  maxDelayMs: 5000,
  isRetryable: (error: unknown) => hasCode(error, 'store-unavailable', 'connection-failed'),
};
/** What a stopped run still gives a collector, in milliseconds: one that is near has answered by then. */
const hurryMs = 1000;
/** OTLP/HTTP: the answers after which the same request may be sent again. */
const retryableStatuses: readonly number[] = [429, 502, 503, 504];

/** An exporter of OTLP/HTTP in its JSON encoding. */
export function createOtlpExporter(options: OtlpExporterOptions): OtlpExporter {
  const { settings } = options;
  const waiting: Span[] = [];
  let lost = 0;
  let failure: unknown;
  let sending: Promise<void> = Promise.resolve();
  const stopped = new AbortController();

  const sendBatch = async (): Promise<void> => {
    const spans = waiting.splice(0, batchSpans);
    if (spans.length === 0) return;
    try {
      await post(spans, options, AbortSignal.any([stopped.signal, AbortSignal.timeout(settings.timeoutMs)]));
    } catch (error) {
      failure = error;
      lost += spans.length;
    }
  };
  return {
    onEnd(span) {
      if (waiting.length >= maxWaiting) {
        lost += 1;
        return;
      }
      waiting.push(span);
      // One request after the other, so that a collector that is slow costs the work nothing but memory, which is bounded
      if (waiting.length % batchSpans === 0) sending = sending.then(sendBatch);
    },
    async flush(signal) {
      const stopAfter = (durationMs: number) => setTimeout(() => stopped.abort(), durationMs);
      const timers = [stopAfter(settings.timeoutMs)];
      const hurry = (): void => void timers.push(stopAfter(hurryMs));
      if (signal?.aborted) hurry();
      signal?.addEventListener('abort', hurry, { once: true });
      await sending;
      while (waiting.length > 0) await sendBatch();
      timers.forEach((timer) => clearTimeout(timer));
      signal?.removeEventListener('abort', hurry);
      return lost === 0 ? undefined : `${lost} spans were not exported: ${explain(failure)}`;
    },
  };
}

/** Posts, and tries again where that may help. Not with `retry`, which would tell the tracing channels of waits that are none of the user's work. */
async function post(spans: readonly Span[], options: OtlpExporterOptions, signal: AbortSignal): Promise<void> {
  const { settings, origin, clock } = options;
  const text = new TextEncoder().encode(JSON.stringify(formatOtlpDocument(spans, origin)));
  const bytes = settings.isCompressed ? await compress(text) : text;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await postOnce(bytes, options, signal);
      return;
    } catch (error) {
      const delayMs = attempt < policy.attempts && policy.isRetryable(error) ? chooseDelay(error, attempt, policy, clock) : undefined;
      if (delayMs === undefined) throw error;
      await clock.sleep(delayMs, signal);
    }
  }
}

async function postOnce(bytes: Uint8Array, { settings, http, clock }: OtlpExporterOptions, signal: AbortSignal): Promise<void> {
  const { endpoint, headers, isCompressed } = settings;
  const encoding: Record<string, string> = isCompressed ? { 'content-encoding': 'gzip' } : {};
  const response = await http.send({
    method: 'POST',
    url: endpoint,
    headers: { 'user-agent': 'bucketry', ...headers, 'content-type': 'application/json', ...encoding },
    body: bytesSource(bytes),
    signal,
  });
  await discardBody(response);
  if (response.status >= 200 && response.status < 300) return;
  const message = `Cannot export spans to ${endpoint.host}: it answered ${response.status}`;
  const retryAfterMs = readRetryAfterMs(response.headers, clock.now());
  if (retryableStatuses.includes(response.status)) throw new BucketError('store-unavailable', message, { retryAfterMs });
  throw new RegistryError('output-failed', message);
}

async function compress(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function explain(failure: unknown): string {
  if (hasCode(failure)) return failure.message;
  return failure === undefined ? `more than ${maxWaiting} waited` : 'an error of our own';
}
