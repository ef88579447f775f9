import { BucketError } from '../../errors/bucket-error.ts';
import { hasCode } from '../../errors/coded-error.ts';
import { throwIfAborted } from '../../errors/registry-error.ts';
import { discardBody } from '../../http/discard-body.ts';
import type { HttpClient, HttpResponse } from '../../http/http-client.ts';
import type { ByteSource } from '../../streams/byte-source.ts';
import type { Clock } from '../../streams/clock.ts';
import { createHasher } from '../../streams/hasher.ts';
import { readAll } from '../../streams/read-all.ts';
import { type HashTrace, tracePoints } from '../../streams/trace-points.ts';
import type { CredentialsProvider } from './credentials-provider.ts';
import { readS3Answer, S3Answer } from './s3-answer.ts';
import { findCorrection, type SigningFacts } from './s3-correction.ts';
import { resolveS3Endpoint, type S3Endpoint, type S3Place } from './s3-endpoint.ts';
import { toBucketError } from './s3-errors.ts';
import { parseS3Xml, type XmlElement } from './s3-xml.ts';
import { emptyPayload, maxPresignSeconds, presignUrl, signRequest, type SigningScope, unsignedPayload } from './sign-request.ts';

export interface S3ClientOptions extends S3Place {
  /** Absent: requests are not signed, as for a bucket that everyone may read. */
  readonly credentials?: CredentialsProvider | undefined;
  readonly http: HttpClient;
  readonly clock: Clock;
}

/** One request to the bucket. */
export interface S3Request {
  /** What it is for, with what it is about, as errors say it: `read "v2/…"`. */
  readonly action: string;
  readonly method: string;
  /** Absent: the request is about the bucket. */
  readonly key?: string | undefined;
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: ByteSource | undefined;
  /** SHA-256 of the body in hex, where it is known: the store then checks it, whatever the transport. */
  readonly sha256?: string | undefined;
  /** What the signature says of the body, where something else than its digest guards it. */
  readonly payload?: string | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly stallTimeoutMs?: number | undefined;
  readonly mayReuse?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Requests to one bucket: addressed, signed, and their refusals explained. */
export interface S3Client {
  readonly location: string;
  readonly endpoint: S3Endpoint;
  readonly isAnonymous: boolean;
  /**
   * Sends a request; its answer is a 2xx. Nothing is sent again, except once with the store's time and once for the region that the store names.
   * @throws BucketError for every other answer
   */
  send(request: S3Request): Promise<HttpResponse>;
  /**
   * Sends a request whose answer is a document, and checks that it is the one expected: S3 reports errors inside a 200, too.
   * @param rootNames names of elements, one of which must be the answer's
   */
  sendForXml(request: S3Request, ...rootNames: readonly string[]): Promise<XmlElement>;
  /** Sends a request whose answer has nothing to read. @returns its headers */
  sendForHeaders(request: S3Request): Promise<HttpResponse['headers']>;
  presign(method: string, key: string, expiresInMs: number): Promise<URL>;
  /** Opens connections for requests that are about to follow. */
  prepare(connections: number): void;
  close(): Promise<void>;
}

/** Listings of 1,000 keys of 1,024 bytes, each byte written as `%XX`, stay below. */
const maxDocumentBytes = 16 * 1024 * 1024;

/** Opens the way to a bucket; sends nothing yet. Takes over `http`, which `close` closes. */
export function createS3Client(options: S3ClientOptions): S3Client {
  const { bucket, http, clock, credentials } = options;
  const location = `${options.scheme ?? 's3'}://${bucket}`;
  const isAnonymous = credentials === undefined;
  /** What we were told, corrected by what the store has taught us since. */
  let facts: SigningFacts = { region: options.region, skewMs: 0 };
  let endpoint = resolveS3Endpoint(options);
  /** The address of an R2 bucket is made of an account that its name does not tell. */
  const place = options.scheme === 'r2' ? `${location} at ${endpoint.url().origin}` : location;

  async function createScope({ region, skewMs }: SigningFacts): Promise<SigningScope | undefined> {
    return credentials && { credentials: await credentials(), region, timeMs: clock.now() + skewMs };
  }

  async function attempt(request: S3Request, payload: string, used: SigningFacts): Promise<HttpResponse> {
    const { method, body, signal, mayReuse, idleTimeoutMs, stallTimeoutMs } = request;
    const scope = await createScope(used);
    throwIfAborted(signal);
    const unsigned = { method, url: endpoint.url(request.key, request.query), headers: { 'user-agent': 'bucketry', ...request.headers } };
    const headers = scope ? signRequest(unsigned, payload, scope) : unsigned.headers;
    return http.send({ ...unsigned, headers, body, signal, mayReuse, idleTimeoutMs, stallTimeoutMs });
  }

  /** Takes in what a refusal teaches. @returns which fact is another now, so that the request is worth sending again */
  function learn(answer: S3Answer, used: SigningFacts): string | undefined {
    // Who does not sign has no region and no time, only a host; a host that is given is not ours to change
    if (isAnonymous && !endpoint.isAws) return undefined;
    const correction = findCorrection(answer, used, clock.now());
    if (correction === undefined) return undefined;
    facts = { ...facts, ...correction };
    if (endpoint.isAws) endpoint = resolveS3Endpoint({ ...options, region: facts.region });
    return Object.keys(correction).join();
  }

  async function send(request: S3Request): Promise<HttpResponse> {
    const payload = await choosePayload(request, { isSigned: !isAnonymous, isTls: endpoint.isTls });
    const learned = new Set<string>();
    for (;;) {
      const used = facts;
      const response = await attempt(request, payload, used);
      if (response.status >= 200 && response.status < 300) return response;
      const answer = await readS3Answer(response, clock.now());
      const fact = learn(answer, used);
      if (fact === undefined || learned.has(fact)) throw explain(answer, request, used);
      learned.add(fact);
    }
  }

  function explain(answer: S3Answer, { action, method, key }: S3Request, { region }: SigningFacts): BucketError {
    return toBucketError(answer, { action, location: place, region, isAnonymous, key, method });
  }

  return {
    location,
    get endpoint() {
      return endpoint;
    },
    isAnonymous,
    send,
    async sendForXml(request, ...rootNames) {
      const response = await send(request);
      const root = parseS3Xml(await readDocument(response, request.action), `${request.action} in ${location}`);
      if (root.name === 'Error') throw explain(new S3Answer(response, root, clock.now()), request, facts);
      if (rootNames.includes(root.name)) return root;
      const wanted = rootNames.map((name) => `<${name}>`).join(' or ');
      throw new BucketError(
        'response-invalid',
        `Cannot ${request.action} in ${location}: the store answered <${root.name}>, wanted ${wanted}`,
      );
    },
    async sendForHeaders(request) {
      const response = await send(request);
      await discardBody(response);
      return response.headers;
    },
    async presign(method, key, expiresInMs) {
      const scope = await createScope(facts);
      const request = { method, url: endpoint.url(key), headers: {} };
      const expiresInSeconds = Math.min(maxPresignSeconds, Math.max(1, Math.floor(expiresInMs / 1000)));
      return scope ? presignUrl(request, expiresInSeconds, scope) : request.url;
    },
    prepare: (connections) => http.prepare?.(endpoint.url(), connections),
    close: () => http.close(),
  };
}

/**
 * What the signature says of the body. Over TLS nothing where nobody knows better: hashing costs more than sending. Over plain HTTP always its digest, for which the body is
 * read once more.
 */
async function choosePayload(request: S3Request, { isSigned, isTls }: { isSigned: boolean; isTls: boolean }): Promise<string> {
  const { body, sha256, payload, signal } = request;
  const known = sha256 ?? payload;
  if (known !== undefined) return known;
  if (body === undefined || body.size === 0) return emptyPayload;
  if (isTls || !isSigned) return unsignedPayload;
  return tracePoints.hash.run(
    (trace) => digestBody(body, signal, trace),
    () => ({ algorithm: 'sha256', bytes: body.size, busyMs: 0 }),
  );
}

async function digestBody(body: ByteSource, signal: AbortSignal | undefined, trace: HashTrace | undefined): Promise<string> {
  const hasher = createHasher('sha256');
  for await (const chunk of body.open({ signal })) {
    const begunAtMs = trace ? performance.now() : 0;
    hasher.update(chunk);
    if (trace) trace.busyMs += performance.now() - begunAtMs;
  }
  return hasher.hex();
}

async function readDocument(response: HttpResponse, action: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readAll(response.body, maxDocumentBytes, 'the answer of the store'));
  } catch (error) {
    if (!hasCode(error, 'size-mismatch')) throw error;
    throw new BucketError('response-invalid', `Cannot ${action}: the store's answer has more than ${maxDocumentBytes} bytes`, {
      cause: error,
    });
  }
}
