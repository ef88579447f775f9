import { BucketError } from '../errors/bucket-error.ts';
import { discardBody } from './discard-body.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';
import { redactUrl } from './redact.ts';

/** What a policy is asked about: an answer that points elsewhere. */
export interface RedirectHop {
  /** The request that was answered so. */
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** Where it points, resolved against the request's URL. */
  readonly location: URL;
}

/**
 * Decides one hop: the request to send next, or undefined to hand the redirect itself to the caller.
 * @throws whatever refuses the hop
 */
export type RedirectPolicy = (hop: RedirectHop) => HttpRequest | undefined;

/** An answer, and where in the end it came from: what a relative `Location` in it is relative to. */
export interface RedirectedResponse extends HttpResponse {
  readonly url: URL;
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 5;

/** Headers that are meant for one origin only. */
const credentialHeaders: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-amz-security-token']);

/**
 * Sends a request and follows what it is pointed to, at most 5 times, as the policy decides each hop. A redirect without a usable `location` is an answer like any other.
 * @throws BucketError `response-invalid` after too many hops, or for a hop that the policy refuses
 */
export async function sendFollowingRedirects(
  client: HttpClient,
  first: HttpRequest,
  policy: RedirectPolicy = bindCredentialsToOrigin,
): Promise<RedirectedResponse> {
  let request = first;
  for (let hops = 0; ; hops += 1) {
    const response = await client.send(request);
    const location = readLocation(request, response);
    if (location === undefined) return { ...response, url: request.url };
    let next: HttpRequest | undefined;
    try {
      next = policy({ request, response, location });
    } catch (error) {
      await discardBody(response);
      throw error;
    }
    if (next === undefined) return { ...response, url: request.url };
    await discardBody(response);
    if (hops === maxRedirects)
      throw new BucketError('response-invalid', `Cannot follow ${redactUrl(first.url)}: over ${maxRedirects} redirects`);
    request = next;
  }
}

/**
 * The policy for everyone: credentials stay with their origin, and once over TLS always over TLS. A 303, and a POST answered with 301 or 302, goes on as a GET without its
 * body (RFC 9110 section 15.4).
 * @throws BucketError `response-invalid` for a step from https to http, or to something that is not HTTP
 */
export function bindCredentialsToOrigin({ request, response, location }: RedirectHop): HttpRequest {
  const { url } = request;
  const isWeb = location.protocol === 'https:' || location.protocol === 'http:';
  if (!isWeb || (url.protocol === 'https:' && location.protocol === 'http:')) {
    throw new BucketError('response-invalid', `Refused to follow ${redactUrl(url)} to ${redactUrl(location)}: it leaves TLS`);
  }
  const isSameOrigin = location.origin === url.origin;
  const becomesGet = (response.status === 303 && request.method !== 'HEAD') || (response.status < 303 && request.method === 'POST');
  const headers = Object.entries(request.headers ?? {}).filter(
    ([name]) => (isSameOrigin || (!credentialHeaders.has(name) && name !== 'host')) && !(becomesGet && name.startsWith('content-')),
  );
  return {
    ...request,
    url: location,
    headers: Object.fromEntries(headers),
    ...(becomesGet ? { method: 'GET', body: undefined } : {}),
  };
}

/** Where an answer points; user names in it are dropped, so that no answer can put credentials into our next request. */
function readLocation(request: HttpRequest, response: HttpResponse): URL | undefined {
  if (!redirectStatuses.has(response.status)) return undefined;
  const location = URL.parse(response.headers['location'] ?? '', request.url);
  if (location === null || response.headers['location'] === undefined) return undefined;
  location.username = '';
  location.password = '';
  return location;
}
