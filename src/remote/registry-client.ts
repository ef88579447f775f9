import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { HttpClient, HttpRequest } from '../http/http-client.ts';
import { bindCredentialsToOrigin, type RedirectedResponse, type RedirectHop, sendFollowingRedirects } from '../http/redirect.ts';
import type { Clock } from '../streams/clock.ts';
import { parseChallenge } from './challenge.ts';
import type { CredentialsLookup } from './credentials.ts';
import { isLinkLocalHost, isLoopbackHost } from '../http/host-kind.ts';
import { type RateLimit, readRateLimit } from './rate-limit.ts';
import { RegistryLogin } from './registry-login.ts';
import { findOrigin, type RegistryScheme } from './registry-origin.ts';

export interface RegistryClientOptions {
  /** `ghcr.io`, `localhost:5000`; `docker.io` for Docker Hub. */
  readonly host: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly credentials: CredentialsLookup;
  /** Left out: TLS, but plain HTTP to a loopback host that speaks no TLS. */
  readonly scheme?: RegistryScheme | undefined;
  /** Where the API lies at this host, and what each request carries besides; `/v2` and nothing if left out. */
  readonly route?: RegistryRoute | undefined;
  /** Hears what each answer tells of the registry's rate limit. */
  readonly onRateLimit?: ((limit: RateLimit) => void) | undefined;
}

/** How requests find a registry that stands in for another. */
export interface RegistryRoute {
  /** In place of `/v2`. */
  readonly basePath: string;
  /** Added to every query. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Lower-case names; sent to this origin alone. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Requests to one registry, with its login. */
export interface RegistryClient {
  readonly host: string;
  /** The absolute URL of a path at this registry. */
  locate(path: string, signal?: AbortSignal): Promise<URL>;
  /**
   * Sends a request below `/v2/`, following redirects (credentials stay with their origin) and answering one challenge of the registry itself, for which a body is opened again.
   * What writes follows only 307 and 308, which keep method and body. A URL of another origin, where an upload may lead, is asked without the login, and never without TLS
   * where the registry has it.
   * @throws RegistryError `unauthorized`, `registry-unavailable`, …; BucketError `connection-failed`, `timed-out`
   */
  send(request: RegistryRequest): Promise<RedirectedResponse>;
}

export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** Absolute path and query, from `/v2/` on; or a whole URL (a next page, an upload session). */
  readonly path: string | URL;
  /** As token servers name it: `repository:library/alpine:pull`; empty: of the registry as a whole. */
  readonly scope: string;
}

/** Opens a client; nothing is sent before the first request. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { host, http, scheme, route, onRateLimit } = options;
  const origin = once((signal) => findOrigin(host, scheme, http, signal));
  const login = new RegistryLogin(options);
  const locate = async (path: string, signal: AbortSignal | undefined): Promise<URL> =>
    routeUrl(new URL(path, await origin(signal)), route);
  return {
    host,
    locate,
    async send({ path, scope, ...request }) {
      const base = await origin(request.signal);
      const url = typeof path === 'string' ? await locate(path, request.signal) : path;
      const isOurs = url.origin === base.origin;
      const attempt = async (authorization: string | undefined): Promise<RedirectedResponse> => {
        const headers = { ...(isOurs && route?.headers), ...request.headers, ...(authorization !== undefined && { authorization }) };
        const response = await sendFollowingRedirects(http, { ...request, url, headers }, (hop) => chooseRedirect(hop, route));
        const limit = readRateLimit(response.headers);
        if (limit) onRateLimit?.(limit);
        return response;
      };
      if (!isOurs) {
        checkOtherOrigin(url, base);
        return attempt(undefined);
      }
      const used = login.authorization(scope);
      const response = await attempt(used);
      // Whom a registry redirects to has no say in where its login goes
      if (response.status !== 401 || response.url.origin !== base.origin) return response;
      const challenge = parseChallenge(response.headers['www-authenticate'] ?? '');
      const answer = challenge && (await login.answer(challenge, { scope, used, registry: base, signal: request.signal }));
      if (answer === undefined) return response;
      await discardBody(response);
      return attempt(answer);
    },
  };
}

function routeUrl(url: URL, route: RegistryRoute | undefined): URL {
  if (route === undefined) return url;
  const routed = new URL(url);
  routed.pathname = url.pathname.replace(/^\/v2(?=\/)/, route.basePath);
  for (const [name, value] of Object.entries(route.query ?? {})) routed.searchParams.set(name, value);
  return routed;
}

const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

function chooseRedirect(hop: RedirectHop, route: RegistryRoute | undefined): HttpRequest | undefined {
  const keepsBody = hop.response.status === 307 || hop.response.status === 308;
  if (!keepsBody && !readingMethods.has(hop.request.method)) return undefined;
  refuseInnerAddress(hop.request.url, hop.location);
  const next = bindCredentialsToOrigin(hop);
  if (route?.headers === undefined || hop.location.origin === hop.request.url.origin) return next;
  const headers = Object.entries(next.headers ?? {}).filter(([name]) => route.headers?.[name] === undefined);
  return { ...next, headers: Object.fromEntries(headers) };
}

/** Where a registry sends us without a redirect is held to the same rules as where it redirects to. */
function checkOtherOrigin(url: URL, base: URL): void {
  refuseInnerAddress(base, url);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && base.protocol === 'http:')) return;
  throw new RegistryError('registry-invalid', `Cannot follow "${base.origin}" to "${url.origin}": it leaves TLS`, {
    hint:
      url.host === base.host
        ? 'A proxy in front of this registry does not tell it that it is reached by https (X-Forwarded-Proto).'
        : undefined,
  });
}

/**
 * Clouds keep the credentials of their machines at link-local addresses, and programs of this machine trust whoever reaches them: no registry that is not here itself has reason to send
 * us there.
 */
function refuseInnerAddress(from: URL, to: URL): void {
  if (to.origin === from.origin) return;
  const refuse = (problem: string): RegistryError =>
    new RegistryError('registry-invalid', `Cannot follow "${from.origin}" to "${to.origin}": it is ${problem}`);
  if (isLinkLocalHost(to.hostname)) throw refuse('a link-local address');
  if (isLoopbackHost(to.hostname) && !isLoopbackHost(from.hostname)) throw refuse('on this machine, the registry is not');
}

/** Remembers the first success of an asynchronous question; asked again after a failure. */
function once<T>(ask: (signal: AbortSignal | undefined) => Promise<T>): (signal: AbortSignal | undefined) => Promise<T> {
  let answer: Promise<T> | undefined;
  return async (signal) => {
    const current = (answer ??= ask(signal));
    try {
      return await current;
    } catch (error) {
      if (answer === current) answer = undefined;
      throw error;
    }
  };
}
