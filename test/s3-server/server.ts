import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { addBucket } from './buckets.ts';
import type { Service } from './call.ts';
import { formatEtag, keepHeaders } from './commit.ts';
import { handleExchange, type Connection, type ExchangeContext, type LoggedRequest } from './exchange.ts';
import { FaultQueue, type ArmedFault, type Fault } from './faults.ts';
import { compareKeys } from './listing.ts';
import { Pacer, type PaceOptions } from './pace.ts';
import { PERSONALITIES, type Personality, type PersonalityName } from './personalities.ts';
import { createPublicReadPolicy } from './policy.ts';
import type { Credentials, Verifier } from './signature.ts';
import { Store } from './store.ts';

export interface S3ServerOptions extends PaceOptions {
  /** A name, or a table of one's own. */
  readonly personality?: PersonalityName | Personality;
  /** Buckets that are there from the start. */
  readonly buckets?: readonly string[];
  /** Those of them whose objects anyone may read. */
  readonly publicBuckets?: readonly string[];
  /** Those without a policy are the owner's. */
  readonly credentials?: Credentials | readonly Credentials[];
  readonly region?: string;
  /** Milliseconds since the epoch: signatures, dates, rates and delayed listings go by it. */
  readonly now?: () => number;
  readonly faults?: readonly Fault[];
  /** Whether new buckets start with a public access block. */
  readonly blocksPublicAccess?: boolean;
  /** Host names at whose root a bucket stands, as at a custom domain: `{ localhost: 'pub' }`. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** 0, the default, takes a free one. */
  readonly port?: number;
}

interface ListedObject {
  readonly key: string;
  readonly bytes: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly partNumbers: readonly number[];
}

/** A running server. Everything but `endpoint` looks behind its back: no signature, no condition, no fault. */
export interface S3TestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly region: string;
  /** The first of those given. */
  readonly credentials: Credentials;
  /** Every request in the order in which the heads came; empty it with `requests.length = 0`. */
  readonly requests: LoggedRequest[];
  /** A bucket's objects, by the UTF-8 bytes of their keys. */
  objects(bucketName: string): ListedObject[];
  uploads(bucketName: string): ListedUpload[];
  writeObject(bucketName: string, key: string, bytes: Uint8Array, headers?: Readonly<Record<string, string>>): void;
  deleteObject(bucketName: string, key: string): void;
  inject(fault: Fault): ArmedFault;
  /** Resolves when no request is under way any more, those included whose clients have hung up. */
  rest(): Promise<void>;
  /** Ends every connection. Throws what went wrong in the server itself, so that no test passes over it. */
  close(): Promise<void>;
}

const OWNER: Credentials = { accessKeyId: 'AKIATESTOWNER0000000', secretAccessKey: 'test/secret+key' };

function createService(options: S3ServerOptions, region: string): Service {
  const { personality: chosen = 'aws', now = Date.now, blocksPublicAccess = false, publicBuckets = [] } = options;
  const personality = typeof chosen === 'string' ? PERSONALITIES[chosen] : chosen;
  const store = new Store(personality.listingDelayMs > 0);
  const service = { store, personality, region, now, blocksPublicAccess };
  for (const name of options.buckets ?? []) addBucket(service, name);
  for (const name of publicBuckets) {
    const bucket = store.get(name);
    bucket.policy = createPublicReadPolicy(name);
    bucket.settings.set('policy', JSON.stringify(bucket.policy));
    bucket.settings.delete('publicAccessBlock');
  }
  return service;
}

function createContext(options: S3ServerOptions, credentials: readonly Credentials[]): ExchangeContext {
  const { region = 'us-east-1', hosts = {} } = options;
  const service = createService(options, region);
  const faults = new FaultQueue();
  for (const fault of options.faults ?? []) faults.inject(fault);
  const regions: Verifier['regions'] = [region, ...service.personality.furtherRegions];
  return { service, verifier: { credentials, regions, now: service.now }, hosts, faults, log: [] };
}

/** Gives each connection its number and its pace. */
function createConnections(options: PaceOptions, signal: AbortSignal): (socket: Socket) => Connection {
  const connections = new WeakMap<Socket, Connection>();
  let count = 0;
  return (socket) => {
    const known = connections.get(socket);
    if (known) return known;
    const connection = { number: ++count, pacer: new Pacer(options, signal) };
    connections.set(socket, connection);
    return connection;
  };
}

/**
 * Starts an S3 server on 127.0.0.1 whose buckets live in memory.
 *
 * It is strict where a lenient server would hide a client's mistake: signatures are computed anew by Amazon's signer,
 * digests and checksums are held against the bytes, and what it does not implement (versions, ACLs, tags, customer
 * keys, streaming signatures, the first ListObjects) is refused instead of ignored. It shares no code with src, so that
 * a client that agrees with it has agreed with a second opinion.
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3TestServer> {
  const given = options.credentials ?? OWNER;
  const credentials: readonly Credentials[] = 'accessKeyId' in given ? [given] : given;
  const context = createContext(options, credentials);
  const { service, faults, log } = context;
  const stopping = new AbortController();
  const connectionOf = createConnections(options, stopping.signal);
  const running = new Set<Promise<void>>();
  const defects: unknown[] = [];

  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const { socket } = incoming; // a request that was cut off has none
    const done = handleExchange(context, incoming, outgoing, connectionOf(socket)).catch((error: unknown) => {
      if (!socket.destroyed && !stopping.signal.aborted) defects.push(error);
      socket.destroy();
    });
    running.add(done);
    void done.finally(() => running.delete(done));
  };
  const server = createServer({ keepAliveTimeout: 0 }, handle).on('checkContinue', handle);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: service.region,
    credentials: credentials[0] ?? OWNER,
    requests: log,
    objects: (bucketName) =>
      [...service.store.get(bucketName).objects()]
        .map(([key, { bytes, etag, headers }]) => ({ key, bytes, etag, headers }))
        .toSorted((a, b) => compareKeys(a.key, b.key)),
    uploads: (bucketName) =>
      [...service.store.get(bucketName).uploads.values()].map(({ key, uploadId, parts }) => ({
        key,
        uploadId,
        partNumbers: [...parts.keys()].toSorted((a, b) => a - b),
      })),
    writeObject(bucketName, key, bytes, headers = {}) {
      const object = {
        bytes: Buffer.from(bytes),
        etag: formatEtag({ service }, bytes),
        modifiedMs: service.now(),
        headers: keepHeaders(headers),
      };
      service.store.get(bucketName).put(key, object);
    },
    deleteObject(bucketName, key) {
      service.store.get(bucketName).delete(key, service.now(), service.store.nextTick());
    },
    inject: (fault) => faults.inject(fault),
    async rest() {
      // What a client sent before it hung up may still lie in the socket
      for (let turn = 0; turn < 10; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        await Promise.all(running);
      }
    },
    async close() {
      stopping.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, ...running]);
      if (defects.length > 0) throw new AggregateError(defects, `The S3 test server failed ${defects.length} times`);
    },
  };
}
