import { RegistryError } from '../errors/registry-error.ts';
import { discardBody } from '../http/discard-body.ts';
import type { HttpClient, HttpRequest } from '../http/http-client.ts';
import { bindCredentialsToOrigin, type RedirectedResponse, type RedirectHop, sendFollowingRedirects } from '../http/redirect.ts';
import type { Clock } from '../streams/clock.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import { type CredentialsLookup, formatBasicAuthorization } from './credentials.ts';
import { mergeScopes } from './scope.ts';
import { type BearerToken, requestToken } from './token.ts';

export interface RegistryClientOptions {
  /** `ghcr.io`, `localhost:5000`; `docker.io` for Docker Hub. */
  readonly host: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly credentials: CredentialsLookup;
  /** `true`: plain HTTP. `false`: TLS whatever the host. Left out: TLS, but plain HTTP to a loopback host that speaks no TLS. */
  readonly insecure?: boolean | undefined;
}

/** Requests to one registry, with its login. */
export interface RegistryClient {
  readonly host: string;
  /** The absolute URL of a path at this registry. */
  locate(path: string, signal?: AbortSignal): Promise<URL>;
  /**
   * Sends a request below `/v2/`, following redirects (credentials stay with their origin) and answering one challenge, for which a body is opened again. What writes
   * follows only 307 and 308, which keep method and body. A URL of another origin, where an upload may lead, is asked without the login, and never without TLS
   * where the registry has it.
   * @param scope as token servers name it: `repository:library/alpine:pull`
   * @throws RegistryError `unauthorized`, `registry-unavailable`, …; BucketError `connection-failed`, `timed-out`
   */
  send(request: RegistryRequest): Promise<RedirectedResponse>;
}

export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** Absolute path and query, from `/v2/` on; or a whole URL (a next page, an upload session). */
  readonly path: string | URL;
  readonly scope: string;
}

/** Opens a client; nothing is sent before the first request. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const origin = once((signal) => findOrigin(options, signal));
  const login = new Login(options);
  return {
    host: options.host,
    locate: async (path, signal) => new URL(path, await origin(signal)),
    async send({ path, scope, ...request }) {
      const base = await origin(request.signal);
      const url = typeof path === 'string' ? new URL(path, base) : path;
      const attempt = (authorization: string | undefined): Promise<RedirectedResponse> => {
        const headers = { ...request.headers, ...(authorization !== undefined && { authorization }) };
        return sendFollowingRedirects(options.http, { ...request, url, headers }, chooseRedirect);
      };
      if (url.origin !== base.origin) {
        checkOtherOrigin(url, base);
        return attempt(undefined);
      }
      const used = login.authorization(scope);
      const response = await attempt(used);
      const challenge = response.status === 401 ? parseChallenge(response.headers['www-authenticate'] ?? '') : undefined;
      if (!challenge) return response;
      const answer = await login.answer(challenge, { scope, used, registry: base, signal: request.signal });
      if (answer === undefined) return response;
      await discardBody(response);
      return attempt(answer);
    },
  };
}

/** A challenge's circumstances: the scope of the request, the header it was refused with. */
interface Refusal {
  readonly scope: string;
  readonly used: string | undefined;
  readonly registry: URL;
  readonly signal: AbortSignal | undefined;
}

/** What a registry has accepted so far: one basic login, or a token for each scope. */
class Login {
  readonly #options: RegistryClientOptions;
  readonly #tokens = new Map<string, BearerToken>();
  #basic: string | undefined;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  /** The header for a request of this scope, if one is known to be wanted. */
  authorization(scope: string): string | undefined {
    const token = this.#tokens.get(scope);
    return token && token.expiresAtMs > this.#options.clock.now() ? `Bearer ${token.value}` : this.#basic;
  }

  /** The header that answers a challenge; undefined: there is nothing (else) to answer it with. */
  async answer(challenge: Challenge, { scope, used, registry, signal }: Refusal): Promise<string | undefined> {
    const current = this.authorization(scope);
    if (current !== used) return current; // Another request answered it meanwhile.
    const { http, clock, host, credentials: lookup } = this.#options;
    const credentials = await lookup(host, signal);
    if (challenge.scheme === 'basic') {
      if (credentials?.kind !== 'password' || used !== undefined) return undefined;
      this.#basic = formatBasicAuthorization(credentials.username, credentials.password);
      return this.#basic;
    }
    const { realm, service } = challenge;
    // Some registries name the pull scope whatever is asked of them, and none knows from where a blob is to be mounted.
    const wanted = mergeScopes(challenge.scope, scope);
    const token = await requestToken(http, clock, { realm, service, scope: wanted, registry, credentials }, signal);
    this.#tokens.set(scope, token);
    return `Bearer ${token.value}`;
  }
}

const readingMethods: ReadonlySet<string> = new Set(['GET', 'HEAD']);

function chooseRedirect(hop: RedirectHop): HttpRequest | undefined {
  const keepsBody = hop.response.status === 307 || hop.response.status === 308;
  return keepsBody || readingMethods.has(hop.request.method) ? bindCredentialsToOrigin(hop) : undefined;
}

/** Where a registry sends us without a redirect is held to the same rules as where it redirects to. */
function checkOtherOrigin(url: URL, base: URL): void {
  if (url.protocol === 'https:' || (url.protocol === 'http:' && base.protocol === 'http:')) return;
  throw new RegistryError('registry-invalid', `Cannot follow "${base.origin}" to "${url.origin}": it leaves TLS`, {
    hint:
      url.host === base.host
        ? 'A proxy in front of this registry does not tell it that it is reached by https (X-Forwarded-Proto).'
        : undefined,
  });
}

/** Docker Hub answers at another host than its name says. */
const hostAliases: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io', 'index.docker.io': 'registry-1.docker.io' };

/**
 * The origin of a registry: HTTPS; plain HTTP for who asked for it, and, unless HTTPS was asked for, for loopback where no TLS answers (local registries have none, and
 * nothing leaves the machine).
 */
async function findOrigin({ host, http, insecure }: RegistryClientOptions, signal: AbortSignal | undefined): Promise<URL> {
  const name = hostAliases[host] ?? host;
  const secure = URL.parse(`https://${name}`);
  const plain = URL.parse(`http://${name}`);
  if (!secure || !plain) throw new RegistryError('reference-invalid', `Cannot use ${JSON.stringify(host)} as a registry's host`);
  if (insecure === true) return plain;
  if (insecure === false || !isLoopback(plain.hostname)) return secure;
  try {
    await discardBody(await http.send({ method: 'GET', url: new URL('/v2/', secure), signal }));
    return secure;
  } catch (error) {
    if (signal?.aborted) throw error;
    return plain;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
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
