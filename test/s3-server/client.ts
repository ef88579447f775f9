import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { createHash } from 'node:crypto';
import { request as openRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { S3TestServer } from './server.ts';
import type { Credentials } from './signature.ts';

/** A request as a test words it. Whatever is left out is as an honest client would have it. */
export interface ClientRequestOptions {
  readonly method: string;
  readonly bucket?: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly auth?: 'header' | 'query' | 'none';
  readonly credentials?: Credentials;
  readonly region?: string;
  readonly signedAt?: Date;
  readonly expiresSeconds?: number;
  /** What the signature says of the body; its SHA-256 unless told otherwise. */
  readonly payloadHash?: string;
  /** Headers added after signing. */
  readonly unsignedHeaders?: Readonly<Record<string, string>>;
  readonly agent?: Agent;
}

export interface ClientAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly text: string;
  /** Of an error document. */
  readonly code: string | undefined;
}

/** A request signed by Amazon's own signer, ready for the wire. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function encodePath({ bucket, key }: ClientRequestOptions): string {
  const path = [bucket, ...(key?.split('/') ?? [])].filter((part) => part !== undefined);
  return `/${path.map(encode).join('/')}`;
}

function createSigner(server: S3TestServer, { credentials, region }: ClientRequestOptions): SignatureV4 {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials ?? server.credentials;
  return new SignatureV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region: region ?? server.region,
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

function formatPath(path: string, query: HttpRequest['query']): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path;
}

/** Signs a request as its options say. */
export async function signRequest(server: S3TestServer, options: ClientRequestOptions): Promise<WireRequest> {
  const { method, auth = 'header', query = {}, headers = {}, signedAt = new Date(), expiresSeconds = 300 } = options;
  const body = Buffer.from(options.body ?? '');
  const payloadHash = options.payloadHash ?? createHash('sha256').update(body).digest('hex');
  const host = new URL(server.endpoint).host;
  const unsigned = new HttpRequest({
    method,
    path: encodePath(options),
    query: { ...query },
    headers: { host, ...headers, ...(auth === 'header' ? { 'x-amz-content-sha256': payloadHash } : {}) },
    body: {},
  });
  const signer = createSigner(server, options);
  const sign = { header: () => signer.sign(unsigned, { signingDate: signedAt }), query: presign, none: () => unsigned };
  function presign(): ReturnType<SignatureV4['presign']> {
    const unhoistableHeaders = new Set(Object.keys(headers));
    return signer.presign(unsigned, { signingDate: signedAt, expiresIn: expiresSeconds, unhoistableHeaders });
  }
  const signed = await sign[auth]();
  const sent = { ...signed.headers, ...options.unsignedHeaders };
  const hasBody = method === 'PUT' || method === 'POST';
  const path = formatPath(signed.path, signed.query ?? {});
  return { method, path, headers: hasBody ? { 'content-length': String(body.length), ...sent } : sent, body };
}

async function readAnswer(incoming: IncomingMessage): Promise<ClientAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const text = body.toString();
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
  return { status: incoming.statusCode ?? 0, headers, body, text, code: /<Error>.*?<Code>([^<]*)/s.exec(text)?.[1] };
}

export interface OpenExchange {
  readonly outgoing: ClientRequest;
  readonly answer: Promise<ClientAnswer>;
}

/** Opens a request without sending its body, for tests that time it. */
export function openExchange(server: S3TestServer, { method, path, headers }: WireRequest, agent?: Agent): OpenExchange {
  const { hostname, port } = new URL(server.endpoint);
  const outgoing = openRequest({ hostname, port, method, path, headers, agent: agent ?? false });
  const answer = new Promise<ClientAnswer>((resolve, reject) => {
    outgoing.on('response', (incoming) => void readAnswer(incoming).then(resolve, reject)).on('error', reject);
  });
  return { outgoing, answer };
}

/** Signs and sends a request, and reads its answer whole. */
export async function send(server: S3TestServer, options: ClientRequestOptions): Promise<ClientAnswer> {
  const wire = await signRequest(server, options);
  const { outgoing, answer } = openExchange(server, wire, options.agent);
  outgoing.end(wire.body);
  return answer;
}

/** `200`, or status and code of a refusal: `412 PreconditionFailed`. */
export function outcomeOf({ status, code }: ClientAnswer): string {
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** The texts of all elements of one name, in documents whose text holds no entities but the quote. */
export function textsOf({ text }: ClientAnswer, name: string): string[] {
  return [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, found = '']) => found.replaceAll('&quot;', '"'));
}
