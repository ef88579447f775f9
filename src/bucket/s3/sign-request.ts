import { digestHex } from '../../streams/hasher.ts';
import type { S3Credentials } from './credentials-provider.ts';
import { canonicalPath, canonicalQuery, formatQuery } from './s3-uri.ts';
import { createHmac, deriveSigningKey } from './signing-key.ts';

/** What a signature covers of a request. */
export interface RequestToSign {
  readonly method: string;
  readonly url: URL;
  /** Lower-case names. `host` is the URL's, unless given. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Who signs, for where, and when. */
export interface SigningScope {
  readonly credentials: S3Credentials;
  readonly region: string;
  /** Milliseconds since 1970, by the store's clock. */
  readonly timeMs: number;
}

/** Stands for a payload that is not part of the signature, because TLS or a checksum guards it. */
export const unsignedPayload = 'UNSIGNED-PAYLOAD';

/** Stands for a payload that is not part of the signature, because a checksum that follows it guards it. */
export const trailingChecksumPayload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

/** The SHA-256 of no bytes. */
export const emptyPayload = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The longest that a presigned URL may live: seven days. */
export const maxPresignSeconds = 604_800;

const algorithm = 'AWS4-HMAC-SHA256';

/** Headers that proxies and runtimes add, change or drop on the way: not signed. */
const unsignedHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/**
 * Signs a request with AWS Signature Version 4, in its headers.
 * @param payload 64 hex digits of SHA-256, `unsignedPayload` or `trailingChecksumPayload`
 * @returns the headers to send: those given, and `authorization`, `x-amz-date`, `x-amz-content-sha256` and, for temporary credentials, `x-amz-security-token`
 */
export function signRequest(request: RequestToSign, payload: string, scope: SigningScope): Record<string, string> {
  const { accessKeyId, sessionToken } = scope.credentials;
  const headers = {
    ...request.headers,
    'x-amz-content-sha256': payload,
    'x-amz-date': formatTime(scope.timeMs),
    ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
  };
  const names = signedNames(request, headers);
  const signature = sign({ ...request, headers }, names, payload, scope);
  const credential = `${accessKeyId}/${formatScope(scope)}`;
  return { ...headers, authorization: `${algorithm} Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}` };
}

/**
 * Signs a request in its URL: whoever has it may send the request until it expires. The payload is not signed; the headers given must be sent along.
 * @param expiresInSeconds 1 to 604,800
 */
export function presignUrl(request: RequestToSign, expiresInSeconds: number, scope: SigningScope): URL {
  const { accessKeyId, sessionToken } = scope.credentials;
  const names = signedNames(request, request.headers);
  const parameters = formatQuery({
    'X-Amz-Algorithm': algorithm,
    'X-Amz-Credential': `${accessKeyId}/${formatScope(scope)}`,
    'X-Amz-Date': formatTime(scope.timeMs),
    'X-Amz-Expires': String(expiresInSeconds),
    'X-Amz-SignedHeaders': names.join(';'),
    ...(sessionToken === undefined ? {} : { 'X-Amz-Security-Token': sessionToken }),
  });
  const url = new URL(request.url);
  url.search = canonicalQuery([url.search.slice(1), parameters].filter((part) => part !== '').join('&'));
  const signature = sign({ ...request, url }, names, unsignedPayload, scope);
  url.search += `&X-Amz-Signature=${signature}`;
  return url;
}

function sign(request: RequestToSign, names: readonly string[], payload: string, scope: SigningScope): string {
  const time = formatTime(scope.timeMs);
  const canonical = new TextEncoder().encode(formatCanonicalRequest(request, names, payload));
  const textToSign = [algorithm, time, formatScope(scope), digestHex('sha256', canonical)].join('\n');
  return createHmac(deriveSigningKey(scope.credentials.secretAccessKey, time.slice(0, 8), scope.region))
    .update(textToSign)
    .digest('hex');
}

function formatCanonicalRequest({ method, url, headers }: RequestToSign, names: readonly string[], payload: string): string {
  const lines = names.map((name) => `${name}:${canonicalValue(headers[name] ?? url.host)}`);
  return [method, canonicalPath(url.pathname), canonicalQuery(url.search.slice(1)), ...lines, '', names.join(';'), payload].join('\n');
}

function signedNames({ url }: RequestToSign, headers: Readonly<Record<string, string>>): string[] {
  const names = Object.keys({ host: url.host, ...headers });
  return names.filter((name) => !unsignedHeaders.has(name)).toSorted();
}

function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, ' ');
}

function formatScope({ region, timeMs }: SigningScope): string {
  return `${formatTime(timeMs).slice(0, 8)}/${region}/s3/aws4_request`;
}

/** `YYYYMMDDTHHMMSSZ`. */
function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[-:]|\.\d+/g, '');
}
