import { CodedError } from '../errors/coded-error.ts';
import { abortError, RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { HttpClient } from '../http/http-client.ts';
import { bindCredentialsToOrigin, sendFollowingRedirects } from '../http/redirect.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { concatBytes } from '../streams/read-all.ts';
import type { SiteAnswer } from './site-answer.ts';

/** One request; the path is a key of the bucket. */
export interface SiteRequest {
  readonly method?: 'GET' | 'HEAD' | undefined;
  readonly path: string;
  readonly query?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Bytes of the body that are of interest: the rest is not read. */
  readonly maxBytes?: number | undefined;
}

/** Asks one host. What was asked before is answered from memory, so that clients that ask for the same cost one request. */
export interface Site {
  readonly origin: URL;
  ask(request: SiteRequest): Promise<SiteAnswer>;
  /** Requests sent so far, redirects included. */
  countRequests(): number;
}

export interface SiteOptions {
  readonly origin: URL;
  readonly http: HttpClient;
  readonly signal?: AbortSignal | undefined;
  /** Longest time for one request with what is read of its body; 5,000 if left out. */
  readonly requestTimeoutMs?: number | undefined;
}

/** More than any examination needs; a host that redirects all the time cannot make it endless. */
const maxRequests = 48;
const defaultMaxBytes = 64 * 1024;

/** Opens a site. A request that fails is an answer with `failure`; only the caller's signal rejects. */
export function openSite({ origin, http, signal, requestTimeoutMs = 5_000 }: SiteOptions): Site {
  const answers = new Map<string, Promise<SiteAnswer>>();
  let sent = 0;
  const counting: HttpClient = {
    send: async (request) => {
      if (sent === maxRequests)
        throw new RegistryError('registry-invalid', `Stopped asking ${origin.origin} after ${maxRequests} requests`);
      sent += 1;
      return http.send(request);
    },
    close: () => http.close(),
  };
  return {
    origin,
    countRequests: () => sent,
    ask(request) {
      throwIfAborted(signal);
      const key = JSON.stringify(request);
      const known = answers.get(key) ?? ask(counting, origin, request, { signal, requestTimeoutMs });
      answers.set(key, known);
      return known;
    },
  };
}

async function ask(
  http: HttpClient,
  origin: URL,
  { method = 'GET', path, query = '', headers = {}, maxBytes = defaultMaxBytes }: SiteRequest,
  { signal, requestTimeoutMs }: { readonly signal: AbortSignal | undefined; readonly requestTimeoutMs: number },
): Promise<SiteAnswer> {
  const url = new URL(`/${path}${query}`, origin);
  const urls: URL[] = [url];
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const fail = (error: unknown): CodedError => {
    if (signal?.aborted) throw abortError(signal);
    return explain(error, url, timeout.aborted ? requestTimeoutMs : undefined);
  };
  try {
    const request = { method, url, headers, signal: both, idleTimeoutMs: requestTimeoutMs };
    const response = await sendFollowingRedirects(http, request, (hop) => {
      urls.push(hop.location);
      return bindCredentialsToOrigin(hop);
    });
    return { status: response.status, headers: response.headers, urls, ...(await readStart(response.body, maxBytes, fail)) };
  } catch (error) {
    return { status: 0, headers: {}, urls, body: new Uint8Array(), isWhole: false, failure: fail(error) };
  }
}

/** Reads no more than is wanted, and leaves the rest. */
async function readStart(
  body: ByteStream,
  maxBytes: number,
  fail: (error: unknown) => CodedError,
): Promise<Pick<SiteAnswer, 'body' | 'isWhole' | 'failure'>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      const wanted = chunk.slice(0, maxBytes - size);
      chunks.push(wanted);
      size += wanted.byteLength;
      if (wanted.byteLength < chunk.byteLength) return { body: concatBytes(chunks, size), isWhole: false };
    }
    return { body: concatBytes(chunks, size), isWhole: true };
  } catch (error) {
    return { body: concatBytes(chunks, size), isWhole: false, failure: fail(error) };
  }
}

function explain(error: unknown, url: URL, timeoutMs: number | undefined): CodedError {
  if (timeoutMs !== undefined) {
    return new RegistryError('registry-unavailable', `Cannot talk to ${url.origin}: no whole answer within ${timeoutMs} ms`);
  }
  return error instanceof CodedError ? error : new RegistryError('internal', `Cannot ask ${url.origin}`, { cause: error });
}
