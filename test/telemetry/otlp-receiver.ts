import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import * as v from 'valibot';

/*
 * A second reading of OTLP/HTTP's JSON encoding, from `opentelemetry/proto/trace/v1/trace.proto` and the notes on JSON of the protocol's specification: ids are hex, 64-bit
 * numbers are decimal strings, enumerations are numbers, members are in camel case. Strict, so that a misspelt member is found, which a real collector would pass over.
 */

const value = v.union([
  v.strictObject({ stringValue: v.string() }),
  v.strictObject({ boolValue: v.boolean() }),
  v.strictObject({ intValue: v.pipe(v.string(), v.regex(/^-?\d+$/)) }),
  v.strictObject({ doubleValue: v.number() }),
]);
const attributes = v.array(v.strictObject({ key: v.pipe(v.string(), v.minLength(1)), value }));
const spanId = v.pipe(v.string(), v.regex(/^(?!0+$)[0-9a-f]{16}$/));
const nanoseconds = v.pipe(v.string(), v.regex(/^[1-9]\d{18}$/));

const span = v.strictObject({
  traceId: v.pipe(v.string(), v.regex(/^(?!0+$)[0-9a-f]{32}$/)),
  spanId,
  parentSpanId: v.optional(spanId),
  traceState: v.optional(v.string()),
  flags: v.number(),
  name: v.pipe(v.string(), v.minLength(1)),
  kind: v.picklist([1, 2, 3, 4, 5]),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  status: v.optional(v.strictObject({ code: v.picklist([0, 1, 2]), message: v.optional(v.string()) })),
});

const document = v.strictObject({
  resourceSpans: v.array(
    v.strictObject({
      resource: v.strictObject({ attributes }),
      scopeSpans: v.array(v.strictObject({ scope: v.strictObject({ name: v.string(), version: v.string() }), spans: v.array(span) })),
    }),
  ),
});

/** A span as it came. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly traceState?: string | undefined;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly status?: { readonly code: number; readonly message?: string | undefined } | undefined;
}

export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  /** Attributes of the process, of each request. */
  readonly resources: Readonly<Record<string, unknown>>[];
  readonly requests: { readonly path: string | undefined; readonly headers: IncomingHttpHeaders }[];
  /** Statuses of the next answers; 200 when there are no more. */
  readonly answers: number[];
  /** Throws what was wrong with what came. */
  close(): Promise<void>;
}

/** Receives spans on 127.0.0.1, and is strict about them. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const resources: Record<string, unknown>[] = [];
  const requests: OtlpReceiver['requests'] = [];
  const answers: number[] = [];
  const defects: unknown[] = [];
  const take = (body: Buffer): void => {
    for (const { resource, scopeSpans } of v.parse(document, JSON.parse(body.toString())).resourceSpans) {
      resources.push(Object.fromEntries(resource.attributes.map(({ key, value: one }) => [key, Object.values(one)[0]])));
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
  };
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      requests.push({ path: incoming.url, headers: incoming.headers });
      const status = answers.shift() ?? 200;
      const bytes = Buffer.concat(chunks);
      try {
        if (status === 200) take(incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes);
      } catch (error) {
        defects.push(error);
      }
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    resources,
    requests,
    answers,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (defects.length > 0) throw new AggregateError(defects, 'What was exported is not OTLP');
    },
  };
}

/** An attribute's value, of whichever kind. */
export function attributeOf(received: ReceivedSpan, key: string): unknown {
  const found = received.attributes.find((attribute) => attribute.key === key);
  return found && Object.values(found.value)[0];
}
