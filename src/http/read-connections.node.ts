import { connect, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import type { connect as connectTlsFunction } from 'node:tls';
import { toTimeoutError } from './connection-error.ts';
import { ReadConnection } from './read-connection.node.ts';

export interface ReadConnectionsOptions {
  readonly connectTimeoutMs: number;
  /** Certificates of authorities (PEM) to trust instead of those that Node trusts. */
  readonly ca?: string | readonly string[] | undefined;
  readonly lookup?: LookupFunction | undefined;
}

/** Connections to read over, by origin; each is used again for as long as the server and `maxRestMs` let it. */
export class ReadConnections {
  readonly #options: ReadConnectionsOptions;
  readonly #byOrigin = new Map<string, Set<ReadConnection>>();
  #connectTls: typeof connectTlsFunction | undefined;

  constructor(options: ReadConnectionsOptions) {
    this.#options = options;
  }

  /** To be awaited before connections to an origin are taken: loads TLS where it is needed, which nobody else has to wait for. */
  async load({ protocol }: URL): Promise<void> {
    if (protocol === 'https:') this.#connectTls ??= (await import('node:tls')).connect;
  }

  /** A free connection, one that is open already if there is one. It must be used at once: until then it counts as free. */
  take(url: URL): ReadConnection {
    const free = [...this.#of(url)].filter((connection) => connection.isFree);
    return free.findLast((connection) => !connection.isConnecting) ?? free[0] ?? this.#open(url);
  }

  /** Begins to open connections until so many are there. */
  prepare(url: URL, count: number): void {
    const connections = this.#of(url);
    while (connections.size < count) this.#open(url);
  }

  close(): void {
    for (const connections of this.#byOrigin.values()) {
      for (const connection of connections) if (connection.isFree) connection.close();
    }
  }

  #of({ origin }: URL): Set<ReadConnection> {
    const known = this.#byOrigin.get(origin) ?? new Set();
    this.#byOrigin.set(origin, known);
    return known;
  }

  #open(url: URL): ReadConnection {
    const connections = this.#of(url);
    const connection = new ReadConnection((onread) => this.#openSocket(url, onread));
    connections.add(connection);
    connection.onClose(() => connections.delete(connection));
    return connection;
  }

  #openSocket(url: URL, onread: OnReadOpts): Socket {
    const { lookup, ca, connectTimeoutMs } = this.#options;
    const isTls = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(url.port) || (isTls ? 443 : 80);
    const options = { host, port, noDelay: true, onread, ...(lookup ? { lookup } : {}) };
    const security = {
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : [...ca] }),
    };
    const socket = isTls && this.#connectTls ? this.#connectTls({ ...options, ...security }) : connect(options);
    const timer = setTimeout(() => socket.destroy(toTimeoutError(url, 'no connection', connectTimeoutMs)), connectTimeoutMs);
    const stop = (): void => clearTimeout(timer);
    return socket.once(isTls ? 'secureConnect' : 'connect', stop).once('close', stop);
  }
}
