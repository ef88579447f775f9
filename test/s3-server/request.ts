import type { IncomingMessage } from 'node:http';
import { S3Error } from './errors.ts';
import type { Addressed } from './operations.ts';

/** A request's head, taken apart. */
export interface S3Request extends Addressed {
  /** The decoded path as it stood on the wire, the bucket included in path style. */
  readonly path: string;
}

/** Names under which a bucket may stand as a sub-domain. */
const DOMAINS = ['127.0.0.1', 'localhost'];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', `Cannot decode "${text}"`);
  }
}

function parseQuery(text: string): Map<string, string> {
  const pairs = text.split('&').filter(Boolean);
  return new Map(
    pairs.map((pair) => {
      const end = pair.includes('=') ? pair.indexOf('=') : pair.length;
      const [name, value] = [pair.slice(0, end), pair.slice(end + 1)].map((part) => decode(part.replaceAll('+', ' ')));
      return [name ?? '', value ?? ''];
    }),
  );
}

function bucketOfHost(host: string, hosts: Readonly<Record<string, string>>): string | undefined {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (hosts[name] !== undefined) return hosts[name];
  const domain = DOMAINS.find((suffix) => name.endsWith(`.${suffix}`));
  return domain && name.slice(0, -domain.length - 1);
}

function splitPath(path: string): Pick<S3Request, 'bucketName' | 'key'> {
  const [, bucketName, key] = /^\/([^/]*)\/?([^]*)$/.exec(path) ?? [];
  return { bucketName: bucketName || undefined, key: key || undefined };
}

/** Several headers of one name are one, joined by a comma, which is also what a signature covers. */
function joinHeaders(incoming: IncomingMessage): Record<string, string> {
  const entries = Object.entries(incoming.headersDistinct);
  return Object.fromEntries(entries.map(([name, values]) => [name, (values ?? []).join(',')]));
}

/** Takes a request's head apart; `hosts` names buckets that stand at the root of a host. */
export function parseRequest(incoming: IncomingMessage, hosts: Readonly<Record<string, string>>): S3Request {
  const [, rawPath = '/', queryText = ''] = /^([^?]*)\??([^]*)$/.exec(incoming.url ?? '/') ?? [];
  const path = decode(rawPath);
  const headers = joinHeaders(incoming);
  const virtualBucket = bucketOfHost(headers['host'] ?? '', hosts);
  const place = virtualBucket === undefined ? splitPath(path) : { bucketName: virtualBucket, key: path.slice(1) || undefined };
  if (Buffer.byteLength(place.key ?? '') > 1024) throw new S3Error('KeyTooLongError');
  return { method: incoming.method ?? 'GET', path, query: parseQuery(queryText), headers, ...place };
}

/** An integer parameter or header within bounds; `InvalidArgument` otherwise. */
export function parseCount(name: string, text: string | undefined, fallback: number, [low, high]: readonly [number, number]): number {
  if (text === undefined || text === '') return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high)) {
    throw new S3Error('InvalidArgument', `${name} is "${text}", wanted an integer between ${low} and ${high}`);
  }
  return value;
}
