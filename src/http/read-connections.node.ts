import { connect, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import type { connect as connectTlsFunction } from 'node:tls';
import { toTimeoutError } from './connection-error.ts';
import { ReadConnection } from './read-connection.node.ts';
import { type TlsTrust, toTlsOptions } from './tls-trust.ts';

export interface ReadConnectionsOptions extends TlsTrust {
  readonly connectTimeoutMs: number;
  readonly lookup: LookupFunction;
}

/** Connections to read over, by origin; each is used again for as long as the server and `maxRestMs` let it. */
export class ReadConnections {
  readonly #options: ReadConnectionsOptions;
  readonly #byOrigin = new Map<string, Set<ReadConnection>>();
  #isClosed = false;
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
    while (!this.#isClosed && connections.size < count) this.#open(url);
  }

  /** Closes those that rest. */
  close(): void {
    this.#isClosed = true;
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
    const { lookup, connectTimeoutMs } = this.#options;
    const isTls = url.protocol === 'https:';
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = Number(url.port) || (isTls ? 443 : 80);
    const options = { host, port, noDelay: true, onread, lookup };
    const tlsOptions = { ...(isIP(host) === 0 ? { servername: host } : {}), ...toTlsOptions(this.#options) };
    const socket = isTls && this.#connectTls ? this.#connectTls({ ...options, ...tlsOptions }) : connect(options);
    const timer = setTimeout(() => socket.destroy(toTimeoutError(url, 'no connection', connectTimeoutMs)), connectTimeoutMs);
    // One that was opened ahead keeps no process alive; one that is waited for does so itself
    timer.unref();
    const stop = (): void => clearTimeout(timer);
    return socket.once(isTls ? 'secureConnect' : 'connect', stop).once('close', stop);
  }
}
