import { BucketError } from '../errors/bucket-error.ts';
import { abortError, RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { toConnectionError, toTimeoutError } from './connection-error.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';

export interface FetchHttpClientOptions {
  /** The global `fetch` if left out. */
  readonly fetch?: typeof fetch | undefined;
  /** Longest time until the answer's headers, and then without a byte of its body; 60,000 if left out. */
  readonly idleTimeoutMs?: number | undefined;
}

/** Bodies up to this size are sent from memory: a stream's length would be lost on some runtimes, and stores want a `content-length`. */
const maxBufferedBytes = 16 * 1024 * 1024;

/**
 * The port over `fetch`, for runtimes without Node's `http`. What `fetch` does by itself stays: it chooses the connections, and it would decode a `content-encoding`, so
 * none is asked for. Progress while sending cannot be seen: a request's whole sending counts as idle.
 */
export function createFetchHttpClient(options: FetchHttpClientOptions = {}): HttpClient {
  const { fetch: send = fetch, idleTimeoutMs: defaultIdleTimeoutMs = 60_000 } = options;
  return {
    async send(request: HttpRequest): Promise<HttpResponse> {
      throwIfAborted(request.signal);
      const watch = watchIdleness(request, request.idleTimeoutMs ?? defaultIdleTimeoutMs);
      try {
        const init = await describeRequest(request, watch);
        const response = await watch.run(() => send(request.url, init));
        if (response.type === 'opaqueredirect')
          throw new BucketError('response-invalid', `Cannot see where ${request.url.origin} redirects to`);
        return {
          status: response.status,
          headers: Object.fromEntries(response.headers),
          body: readBody(response, request, watch),
        };
      } catch (error) {
        watch.end();
        throw watch.failure(error);
      }
    },
    async close(): Promise<void> {
      // the runtime owns the connections
    },
  };
}

interface IdleWatch {
  /** Aborts with the caller's signal, or when idle for too long. */
  readonly signal: AbortSignal;
  /** Runs one step that must make progress in time. */
  run<T>(step: () => Promise<T>): Promise<T>;
  /** What a failure of a step was in truth. */
  failure(error: unknown): unknown;
  /** Ends everything, with this as what failed. */
  fail(error: unknown): void;
  end(): void;
}

function watchIdleness({ signal, url }: HttpRequest, idleTimeoutMs: number): IdleWatch {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal && abortError(signal));
  signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: stop.signal,
    async run(step) {
      const timer = setTimeout(() => stop.abort(toTimeoutError(url, 'no byte came', idleTimeoutMs)), idleTimeoutMs);
      try {
        return await step();
      } finally {
        clearTimeout(timer);
      }
    },
    failure: (error) => (stop.signal.aborted ? stop.signal.reason : toConnectionError(error, url)),
    fail: (error) => stop.abort(error),
    end: () => signal?.removeEventListener('abort', onAbort),
  };
}

async function describeRequest({ method, headers, body }: HttpRequest, watch: IdleWatch): Promise<RequestInit> {
  const init = { method, redirect: 'manual', signal: watch.signal } as const;
  const plainHeaders = { 'accept-encoding': 'identity', ...headers };
  if (body === undefined) return { ...init, headers: plainHeaders };
  if (body.size <= maxBufferedBytes) {
    const bytes = await readAll(exactly(body, watch), body.size, 'the body to send');
    return { ...init, headers: plainHeaders, body: new Uint8Array(bytes) };
  }
  const streaming = { duplex: 'half', body: toWebStream(exactly(body, watch), body.size) } as const;
  return { ...init, ...streaming, headers: { ...plainHeaders, 'content-length': String(body.size) } };
}

/** A source's bytes, which must be as many as it said; its failure is what the request fails with, whatever fetch makes of it. */
async function* exactly(source: ByteSource, watch: IdleWatch): ByteStream {
  let sent = 0;
  try {
    for await (const chunk of source.open({ signal: watch.signal })) {
      sent += chunk.byteLength;
      if (sent > source.size) throw sizeMismatch(`more than ${source.size}`, source.size);
      yield chunk;
    }
    if (sent < source.size) throw sizeMismatch(String(sent), source.size);
  } catch (error) {
    watch.fail(error);
    throw error;
  }
}

function sizeMismatch(found: string, wanted: number): RegistryError {
  return new RegistryError('size-mismatch', `Cannot send a body: its source gave ${found} bytes, ${wanted} wanted`);
}

/** Workers send a `content-length` only with a stream of their own kind. */
interface FixedLengthStreamConstructor {
  new (size: number): TransformStream<Uint8Array, Uint8Array>;
}

function toWebStream(bytes: ByteStream, size: number): ReadableStream<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  const { FixedLengthStream } = globalThis as { readonly FixedLengthStream?: FixedLengthStreamConstructor };
  return FixedLengthStream ? stream.pipeThrough(new FixedLengthStream(size)) : stream;
}

function readBody(response: Response, { method }: HttpRequest, watch: IdleWatch): ByteStream {
  const reader = method === 'HEAD' ? undefined : response.body?.getReader();
  if (reader === undefined) watch.end();
  return { [Symbol.asyncIterator]: () => (reader ? iterateReader(reader, watch) : noBytes()) };
}

function iterateReader(reader: ReadableStreamDefaultReader<Uint8Array>, watch: IdleWatch): AsyncIterator<Uint8Array> {
  return {
    async next() {
      try {
        const { done, value } = await watch.run(() => reader.read());
        if (!done) return { done, value };
        watch.end();
        return { done: true, value: undefined };
      } catch (error) {
        watch.end();
        throw watch.failure(error);
      }
    },
    async return() {
      watch.end();
      // what a connection says on being closed is of no interest to who closes it
      await reader.cancel().catch(() => undefined);
      return { done: true, value: undefined };
    },
  };
}

async function* noBytes(): AsyncGenerator<Uint8Array> {}
