import type { HttpClient } from '../http/http-client.ts';
import type { Clock } from '../streams/clock.ts';
import type { Challenge } from './challenge.ts';
import { type CredentialsLookup, formatBasicAuthorization } from './credentials.ts';
import { mergeScopes } from './scope.ts';
import { requestToken } from './token.ts';

/** What a login is made with. */
export interface RegistryLoginOptions {
  readonly host: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly credentials: CredentialsLookup;
}

/** A challenge's circumstances. */
export interface Refusal {
  /** Of the request that was refused. */
  readonly scope: string;
  /** The header that it was refused with. */
  readonly used: string | undefined;
  /** The origin that refused it. */
  readonly registry: URL;
  readonly signal: AbortSignal | undefined;
}

interface Accepted {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** What a registry has been shown so far, for each scope: a basic login, or a token. */
export class RegistryLogin {
  readonly #options: RegistryLoginOptions;
  readonly #accepted = new Map<string, Accepted>();

  constructor(options: RegistryLoginOptions) {
    this.#options = options;
  }

  /** The value of `Authorization` for a request of this scope, if one is known to be wanted. */
  authorization(scope: string): string | undefined {
    const accepted = this.#accepted.get(scope);
    return accepted && accepted.expiresAtMs > this.#options.clock.now() ? accepted.value : undefined;
  }

  /**
   * The value that answers a challenge; undefined: there is nothing (else) to answer it with.
   * @throws RegistryError what `requestToken` and the lookup throw
   */
  async answer(challenge: Challenge, refusal: Refusal): Promise<string | undefined> {
    const { scope, used, signal } = refusal;
    const current = this.authorization(scope);
    if (current !== undefined && current !== used) return current; // Another request answered it meanwhile.
    const repository = /^repository:([^:]+):/.exec(scope)?.[1];
    const credentials = await this.#options.credentials(this.#options.host, { repository, signal });
    const accepted =
      challenge.scheme === 'basic' || credentials?.kind === 'registry-token'
        ? answerDirectly(challenge, credentials, used)
        : await this.#buyToken(challenge, credentials, refusal);
    if (accepted) this.#accepted.set(scope, accepted);
    return accepted?.value;
  }

  async #buyToken(
    { realm, service, scope: named }: Extract<Challenge, { readonly scheme: 'bearer' }>,
    credentials: Awaited<ReturnType<CredentialsLookup>>,
    { scope, registry, signal }: Refusal,
  ): Promise<Accepted> {
    const { http, clock } = this.#options;
    // Some registries name the pull scope whatever is asked of them, and none knows from where a blob is to be mounted.
    const wanted = mergeScopes(named, scope);
    const token = await requestToken(
      http,
      clock,
      { realm, service, scope: wanted === '' ? undefined : wanted, registry, credentials },
      signal,
    );
    return { value: `Bearer ${token.value}`, expiresAtMs: token.expiresAtMs };
  }
}

/** What stands in the login itself; one that was refused is not shown again. */
function answerDirectly(
  { scheme }: Challenge,
  credentials: Awaited<ReturnType<CredentialsLookup>>,
  used: string | undefined,
): Accepted | undefined {
  if (used !== undefined) return undefined;
  if (scheme === 'basic' && credentials?.kind === 'password')
    return { value: formatBasicAuthorization(credentials.username, credentials.password), expiresAtMs: Infinity };
  if (scheme === 'bearer' && credentials?.kind === 'registry-token') return { value: `Bearer ${credentials.token}`, expiresAtMs: Infinity };
  return undefined;
}
