import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';

/** What a request says of its signature, in a header or in its query. */
export interface Claim {
  readonly place: 'header' | 'query';
  readonly accessKeyId: string;
  readonly scope: readonly string[];
  readonly signedHeaders: ReadonlySet<string>;
  readonly signature: string;
  readonly date: string;
  readonly expiresSeconds: number;
  readonly sessionToken: string | undefined;
}

/** The parameters that make a URL a presigned one. */
export const SIGNATURE_PARAMETERS: readonly string[] = [
  'Algorithm',
  'Credential',
  'Date',
  'Expires',
  'SignedHeaders',
  'Signature',
  'Security-Token',
].map((name) => `X-Amz-${name}`);

const NEEDED_PARAMETERS = SIGNATURE_PARAMETERS.slice(1, -1);
const MAX_EXPIRES_SECONDS = 7 * 24 * 60 * 60;

function splitClaim(credential: string, signedHeaders: string): Pick<Claim, 'accessKeyId' | 'scope' | 'signedHeaders'> {
  const [accessKeyId = '', ...scope] = credential.split('/');
  return { accessKeyId, scope, signedHeaders: new Set(signedHeaders.split(';')) };
}

function parseHeaderClaim(authorization: string, headers: S3Request['headers']): Claim {
  if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) {
    throw new S3Error('InvalidArgument', 'Unsupported Authorization Type', {
      elements: { ArgumentName: 'Authorization', ArgumentValue: authorization.split(' ')[0] ?? '' },
    });
  }
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/;
  const [, credential, signedHeaders, signature] = pattern.exec(authorization) ?? [];
  if (!credential || !signedHeaders || !signature) throw new S3Error('AuthorizationHeaderMalformed');
  const [date, sessionToken] = [headers['x-amz-date'] ?? '', headers['x-amz-security-token']];
  return { place: 'header', ...splitClaim(credential, signedHeaders), signature, date, expiresSeconds: 0, sessionToken };
}

function parseQueryClaim(query: S3Request['query']): Claim {
  const text = (name: string): string => query.get(`X-Amz-${name}`) ?? '';
  const malformed = (message: string): S3Error => new S3Error('AuthorizationQueryParametersError', message);
  if (text('Algorithm') !== 'AWS4-HMAC-SHA256') throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"');
  const missing = NEEDED_PARAMETERS.find((name) => !query.get(name));
  if (missing) throw malformed(`${missing} is missing`);
  const expiresSeconds = /^\d+$/.test(text('Expires')) ? Number(text('Expires')) : 0;
  if (expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw malformed(`X-Amz-Expires must be between 1 and ${MAX_EXPIRES_SECONDS} seconds`);
  }
  return {
    place: 'query',
    ...splitClaim(text('Credential'), text('SignedHeaders')),
    signature: text('Signature'),
    date: text('Date'),
    expiresSeconds,
    sessionToken: query.get('X-Amz-Security-Token'),
  };
}

/** A request's claim; `undefined` where it is anonymous. Two claims at once are refused, and so is any other scheme. */
export function parseClaim({ headers, query }: S3Request): Claim | undefined {
  const authorization = headers['authorization'];
  const presigned = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature') || query.has('X-Amz-Credential');
  if (authorization !== undefined && presigned) {
    throw new S3Error('InvalidArgument', 'Only one auth mechanism allowed');
  }
  if (authorization !== undefined) return parseHeaderClaim(authorization, headers);
  return presigned ? parseQueryClaim(query) : undefined;
}
