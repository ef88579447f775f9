import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import type { HttpClient } from '../http/http-client.ts';
import { bytesSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import { formatBasicAuthorization, type RegistryCredentials } from './credentials.ts';

/** A bearer token and when it stops being used. */
export interface BearerToken {
  readonly value: string;
  readonly expiresAtMs: number;
}

/** What a token is asked for. */
export interface TokenRequest {
  readonly realm: string;
  readonly service: string | undefined;
  readonly scope: string | undefined;
  /** The registry that sent us to the realm: its origin decides whether the realm may be plain HTTP. */
  readonly registry: URL;
  readonly credentials: RegistryCredentials | undefined;
}

const maxTokenBytes = 1024 * 1024;
/** Tokens without a lifetime live this long (distribution, "Token authentication"). */
const defaultLifetimeSeconds = 60;
/** A token is not used in its last seconds, so that it does not die on the way. */
const marginMs = 10_000;

const answerSchema = v.object({
  token: v.optional(v.string()),
  access_token: v.optional(v.string()),
  expires_in: v.optional(v.number()),
});

/**
 * Buys a bearer token: GET with a basic login or none, POST with a refresh token (distribution, "Token authentication" and "OAuth2").
 * @throws RegistryError `unauthorized`, `registry-invalid`, `registry-unavailable`
 */
export async function requestToken(http: HttpClient, clock: Clock, request: TokenRequest, signal?: AbortSignal): Promise<BearerToken> {
  const realm = parseRealm(request);
  const response = await (request.credentials?.kind === 'refresh-token'
    ? postRefreshToken(http, realm, request, request.credentials.refreshToken, signal)
    : getToken(http, realm, request, signal));
  const body = await readAll(response.body, maxTokenBytes, `the token of ${realm.host}`);
  if (response.status === 401 || response.status === 403) {
    const who = request.credentials ? 'the login is refused' : 'it wants a login';
    throw new RegistryError('unauthorized', `Cannot get a token for "${request.registry.host}" from "${realm.host}": ${who}`, {
      hint: `Check the login of ${request.registry.host} with "docker login ${request.registry.host}".`,
    });
  }
  if (response.status !== 200) {
    const code = response.status >= 500 ? 'registry-unavailable' : 'registry-invalid';
    throw new RegistryError(code, `Cannot get a token for "${request.registry.host}": "${realm.host}" answered ${response.status}`);
  }
  return readToken(body, realm, clock);
}

/** The realm comes from the registry: it may not lead a login over an open wire, unless the registry itself is spoken to so. */
function parseRealm({ realm, registry }: TokenRequest): URL {
  const url = URL.parse(realm);
  if (!url || (url.protocol !== 'https:' && url.protocol !== registry.protocol) || url.username !== '') {
    throw new RegistryError(
      'registry-invalid',
      `Cannot get a token for "${registry.host}": its realm ${JSON.stringify(realm.slice(0, 200))} is not an https URL`,
    );
  }
  return url;
}

function getToken(http: HttpClient, realm: URL, request: TokenRequest, signal: AbortSignal | undefined): ReturnType<HttpClient['send']> {
  const url = new URL(realm);
  if (request.service !== undefined) url.searchParams.set('service', request.service);
  for (const scope of request.scope?.split(' ') ?? []) url.searchParams.append('scope', scope);
  const { credentials } = request;
  const headers =
    credentials?.kind === 'password' ? { authorization: formatBasicAuthorization(credentials.username, credentials.password) } : {};
  return http.send({ method: 'GET', url, headers, signal });
}

function postRefreshToken(
  http: HttpClient,
  realm: URL,
  request: TokenRequest,
  refreshToken: string,
  signal: AbortSignal | undefined,
): ReturnType<HttpClient['send']> {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'bucketry', refresh_token: refreshToken });
  if (request.service !== undefined) form.set('service', request.service);
  if (request.scope !== undefined) form.set('scope', request.scope);
  const body = bytesSource(new TextEncoder().encode(form.toString()));
  return http.send({ method: 'POST', url: realm, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body, signal });
}

function readToken(body: Uint8Array, realm: URL, clock: Clock): BearerToken {
  let answer: v.InferOutput<typeof answerSchema> = {};
  try {
    answer = v.parse(answerSchema, JSON.parse(new TextDecoder().decode(body)));
  } catch {
    // Falls through to the error below; the body is not quoted, since it may hold a token.
  }
  const value = answer.token ?? answer.access_token ?? '';
  if (!/^[\u0021-\u007e]+$/.test(value))
    throw new RegistryError('registry-invalid', `Cannot use the token of "${realm.host}": its answer holds none`);
  const lifetimeMs = Math.max(answer.expires_in ?? 0, defaultLifetimeSeconds) * 1000;
  return { value, expiresAtMs: clock.now() + lifetimeMs - marginMs };
}
