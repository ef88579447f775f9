import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { createHash } from 'node:crypto';
import { parseClaim, SIGNATURE_PARAMETERS, type Claim } from './claim.ts';
import { S3Error } from './errors.ts';
import type { PolicyDocument } from './policy.ts';
import type { S3Request } from './request.ts';

/** One who may sign requests. Without a policy it is the owner of all buckets. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly policy?: PolicyDocument | undefined;
}

export interface Verifier {
  readonly credentials: readonly Credentials[];
  /** The first region is the server's own, named in refusals. */
  readonly regions: readonly [string, ...string[]];
  readonly now: () => number;
}

const MAX_SKEW_MS = 15 * 60_000;

function parseDate(date: string): Date {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const parsed = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(parsed.getTime())) {
    throw new S3Error('AccessDenied', 'AWS authentication requires a valid x-amz-date header or X-Amz-Date parameter');
  }
  return parsed;
}

function checkScope({ place, scope, date }: Claim, regions: Verifier['regions']): void {
  const malformed = (message: string, elements: Record<string, string> = {}): S3Error =>
    new S3Error(place === 'header' ? 'AuthorizationHeaderMalformed' : 'AuthorizationQueryParametersError', message, {
      elements,
      headers: { 'x-amz-bucket-region': regions[0] },
    });
  const [day, region = '', service, end] = scope;
  if (scope.length !== 4 || service !== 's3' || end !== 'aws4_request') {
    throw malformed(`The credential scope "${scope.join('/')}" is not "<date>/<region>/s3/aws4_request"`);
  }
  if (day !== date.slice(0, 8)) throw malformed(`The credential date "${day}" does not match "${date}"`);
  if (!regions.includes(region)) {
    throw malformed(`The region '${region}' is wrong; expecting '${regions[0]}'`, { Region: regions[0] });
  }
}

function checkTime(claim: Claim, signedAt: Date, nowMs: number): void {
  const ageMs = nowMs - signedAt.getTime();
  const [requestTime, serverTime] = [claim.date, new Date(nowMs).toISOString()];
  if (claim.place === 'query' && ageMs < -MAX_SKEW_MS) throw new S3Error('AccessDenied', 'Request is not yet valid');
  if (claim.place === 'query' && ageMs > claim.expiresSeconds * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired', { elements: { ServerTime: serverTime } });
  }
  if (claim.place === 'header' && Math.abs(ageMs) > MAX_SKEW_MS) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      elements: { RequestTime: requestTime, ServerTime: serverTime, MaxAllowedSkewMilliseconds: MAX_SKEW_MS },
    });
  }
}

function findCredentials({ accessKeyId, sessionToken }: Claim, all: readonly Credentials[]): Credentials {
  const found = all.find((credentials) => credentials.accessKeyId === accessKeyId);
  if (!found || (found.sessionToken !== undefined && sessionToken === undefined)) {
    throw new S3Error('InvalidAccessKeyId', undefined, { elements: { AWSAccessKeyId: accessKeyId } });
  }
  if (found.sessionToken !== sessionToken) throw new S3Error('InvalidToken');
  return found;
}

/** The host and every x-amz- header must be signed, else someone on the way could change what is asked for. */
function checkSignedHeaders({ signedHeaders }: Claim, headers: S3Request['headers']): void {
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') || name === 'host');
  const missing = unsigned.filter((name) => !signedHeaders.has(name));
  if (missing.length === 0) return;
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
    elements: { HeadersNotSigned: missing.join(', ') },
  });
}

/** Streaming signatures are refused: no client of ours sends them, and one that did would escape the checks. Checksums behind the body are no signatures. */
function checkPayloadClaim({ place }: Claim, headers: S3Request['headers']): void {
  const claimed = headers['x-amz-content-sha256'];
  if (claimed === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return;
  if (claimed?.startsWith('STREAMING-') || headers['content-encoding']?.includes('aws-chunked')) {
    throw new S3Error('NotImplemented', 'Streaming signatures are not implemented');
  }
  if (claimed === undefined && place === 'header') {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  if (claimed !== undefined && claimed !== 'UNSIGNED-PAYLOAD' && !/^[0-9a-f]{64}$/.test(claimed)) {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 must be UNSIGNED-PAYLOAD or a SHA-256 in hexadecimal');
  }
}

/** The path as a signature covers it: each segment encoded anew, whatever stood on the wire. */
function encodePath(path: string): string {
  const escape = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/[!'()*]/g, escape))
    .join('/');
}

/** Signs a request as its claim says it was signed. Only what the claim names takes part. */
async function signAgain(request: S3Request, claim: Claim, credentials: Credentials, signedAt: Date): Promise<string> {
  const { signedHeaders, expiresSeconds } = claim;
  const query = new Map(request.query);
  if (claim.place === 'query') for (const name of SIGNATURE_PARAMETERS) query.delete(name);
  const unsigned = new HttpRequest({
    method: request.method,
    path: encodePath(request.path),
    query: Object.fromEntries(query),
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => signedHeaders.has(name))),
    body: {}, // neither text nor bytes: the signer takes x-amz-content-sha256, else UNSIGNED-PAYLOAD
  });
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region: claim.scope[1] ?? '',
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const options = { signingDate: signedAt, signableHeaders: new Set(signedHeaders) };
  if (claim.place === 'header') {
    const { headers } = await signer.sign(unsigned, options);
    return /Signature=([0-9a-f]+)/.exec(headers['authorization'] ?? '')?.[1] ?? '';
  }
  const unhoistableHeaders = new Set(signedHeaders);
  const signed = await signer.presign(unsigned, { ...options, expiresIn: expiresSeconds, unhoistableHeaders });
  return String(signed.query?.['X-Amz-Signature']);
}

/** Who signed a request: `undefined` for an anonymous one. Refused as S3 refuses it where anything is wrong. */
export async function authenticate(request: S3Request, verifier: Verifier): Promise<Credentials | undefined> {
  const claim = parseClaim(request);
  if (!claim) return undefined;
  const signedAt = parseDate(claim.date);
  checkScope(claim, verifier.regions);
  const credentials = findCredentials(claim, verifier.credentials);
  checkTime(claim, signedAt, verifier.now());
  checkPayloadClaim(claim, request.headers);
  checkSignedHeaders(claim, request.headers);
  const signature = await signAgain(request, claim, credentials, signedAt);
  if (signature !== claim.signature) {
    throw new S3Error('SignatureDoesNotMatch', undefined, { elements: { AWSAccessKeyId: claim.accessKeyId } });
  }
  return credentials;
}

/** Holds a body against the SHA-256 that was signed with its head. */
export function verifyPayload(headers: S3Request['headers'], body: Buffer): void {
  const claimed = headers['x-amz-content-sha256'];
  if (claimed === undefined || claimed === 'UNSIGNED-PAYLOAD') return;
  const found = createHash('sha256').update(body).digest('hex');
  if (found === claimed) return;
  throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
    elements: { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: found },
  });
}
