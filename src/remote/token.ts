import * as v from 'valibot';
import { RegistryError } from '../errors/registry-error.ts';
import type { HttpClient } from '../http/http-client.ts';
import { readRetryAfterMs } from '../http/retry-after.ts';
import { bytesSource } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import { formatBasicAuthorization, type RegistryCredentials } from './credentials.ts';
import { parseRealm } from './realm.ts';
import { codeOfStatus } from './registry-errors.ts';

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
 * @throws RegistryError `unauthorized`, `rate-limited`, `registry-invalid`, `registry-unavailable`
 */
export async function requestToken(http: HttpClient, clock: Clock, request: TokenRequest, signal?: AbortSignal): Promise<BearerToken> {
  const { registry, credentials } = request;
  const realm = parseRealm({ realm: request.realm, registry, hasCredentials: credentials !== undefined });
  const response = await (credentials?.kind === 'refresh-token'
    ? postRefreshToken(http, realm, request, credentials.refreshToken, signal)
    : getToken(http, realm, request, signal));
  const body = await readAll(response.body, maxTokenBytes, `the token of ${realm.host}`);
  if (response.status === 401 || response.status === 403) {
    const who = credentials ? 'the login is refused' : 'it wants a login';
    throw new RegistryError('unauthorized', `Cannot get a token for "${registry.host}" from "${realm.host}": ${who}`, {
      hint: `Check the login of ${registry.host} with "bucketry login ${registry.host}".`,
    });
  }
  if (response.status !== 200) {
    throw new RegistryError(
      codeOfStatus(response.status),
      `Cannot get a token for "${registry.host}": "${realm.host}" answered ${response.status}`,
      { retryAfterMs: readRetryAfterMs(response.headers, clock.now()) },
    );
  }
  return readToken(body, realm, clock);
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
