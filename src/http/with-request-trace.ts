import { type RequestTrace, tracePoints } from '../streams/trace-points.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';

/** Where servers name a request: S3 and most that speak it; Cloudflare, R2's among them; registries. */
const requestIdHeaders = ['x-amz-request-id', 'cf-ray', 'x-request-id'] as const;

/** Tells the tracing channel `bucketry:request` of every request, from its first byte to its answer's headers. */
export function withRequestTrace(inner: HttpClient): HttpClient {
  const prepare = inner.prepare?.bind(inner);
  return {
    ...(prepare && { prepare }),
    send: (request) =>
      tracePoints.request.run(
        async (trace) => {
          const response = await inner.send(request);
          if (trace) addAnswer(trace, response);
          return response;
        },
        () => describeRequest(request),
      ),
    close: () => inner.close(),
  };
}

function describeRequest({ method, url, body }: HttpRequest): RequestTrace {
  const part = url.searchParams.get('partNumber');
  return { method, url: `${url.origin}${url.pathname}`, part: part === null ? undefined : Number(part), bytes: body?.size ?? 0 };
}

function addAnswer(trace: RequestTrace, { status, headers }: HttpResponse): void {
  trace.status = status;
  trace.requestId = requestIdHeaders.map((name) => headers[name]).find((id) => id !== undefined);
}
