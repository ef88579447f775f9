import type { XmlElement } from '@rgrove/parse-xml';
import type { Answer, Service } from './call.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';
import { childrenOf, parseDocument, textOf } from './xml.ts';

interface CrossOrigin {
  readonly origin: string;
  readonly method: string;
  readonly headers: readonly string[];
}

function namesOf(rule: XmlElement, name: string): string[] {
  return childrenOf(rule, name).map(({ text }) => text.trim());
}

function matches(text: string, pattern: string): boolean {
  const [start = '', end] = pattern.split('*');
  return end === undefined ? text === pattern : text.startsWith(start) && text.endsWith(end);
}

function findRule({ store }: Service, bucketName: string, wanted: CrossOrigin): XmlElement | undefined {
  const text = store.find(bucketName)?.settings.get('cors');
  if (text === undefined) return undefined;
  return childrenOf(parseDocument(Buffer.from(text), 'CORSConfiguration'), 'CORSRule').find((rule) => {
    const allowedHeaders = namesOf(rule, 'AllowedHeader').map((name) => name.toLowerCase());
    return (
      namesOf(rule, 'AllowedOrigin').some((pattern) => matches(wanted.origin, pattern)) &&
      namesOf(rule, 'AllowedMethod').includes(wanted.method) &&
      wanted.headers.every((name) => allowedHeaders.some((pattern) => matches(name, pattern)))
    );
  });
}

function formatHeaders(rule: XmlElement, origin: string): Record<string, string> {
  const exposed = namesOf(rule, 'ExposeHeader').join(', ');
  const isOpen = namesOf(rule, 'AllowedOrigin').includes('*');
  return {
    'access-control-allow-origin': isOpen ? '*' : origin,
    'access-control-allow-methods': namesOf(rule, 'AllowedMethod').join(', '),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
    ...(exposed ? { 'access-control-expose-headers': exposed } : {}),
    ...(isOpen ? {} : { 'access-control-allow-credentials': 'true' }),
  };
}

/** What an answer to a page of another origin says beside the rest; nothing where no rule of the bucket allows it. */
export function formatCorsHeaders(service: Service, { method, bucketName, headers }: S3Request): Record<string, string> {
  const origin = headers['origin'];
  if (origin === undefined || bucketName === undefined) return {};
  const rule = findRule(service, bucketName, { origin, method, headers: [] });
  return rule ? formatHeaders(rule, origin) : {};
}

/** The answer to a browser's preflight, which is never signed. */
export function answerPreflight(service: Service, { bucketName, headers }: S3Request): Answer {
  const [origin, method] = [headers['origin'], headers['access-control-request-method']];
  if (!origin || !method || bucketName === undefined) {
    throw new S3Error('InvalidRequest', 'Insufficient information. Origin request header needed.');
  }
  const asked = headers['access-control-request-headers'] ?? '';
  const names = asked
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
  const rule = findRule(service, bucketName, { origin, method, headers: names });
  if (!rule) throw new S3Error('AccessDenied', 'CORSResponse: This CORS request is not allowed.');
  const maxAge = textOf(rule, 'MaxAgeSeconds');
  return {
    status: 200,
    headers: {
      ...formatHeaders(rule, origin),
      ...(names.length > 0 ? { 'access-control-allow-headers': names.join(', ') } : {}),
      ...(maxAge === undefined ? {} : { 'access-control-max-age': maxAge }),
    },
  };
}
