import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction, type Socket } from 'node:net';

/** One request, to be answered by a lie or by the truth. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  /** `HOST:PORT` of this server as it was asked, and of the same under another name. */
  readonly host: string;
  readonly otherHost: string;
}

/** Says whether it has answered. */
export type Lie = (exchange: Exchange) => boolean;

/** A server that lies. */
export interface LyingServer {
  readonly port: number;
  /** Every request: host, path, and whether it came with a login. */
  readonly asked: readonly { readonly host: string; readonly path: string; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

/** Serves lies, and the truth where a lie says nothing. */
export async function startLyingServer(lie: Lie, truth: Lie): Promise<LyingServer> {
  const asked: LyingServer['asked'][number][] = [];
  const server = createServer((request, response) => {
    request.resume();
    response.on('error', () => undefined);
    const { host = '', authorization } = request.headers;
    const path = request.url ?? '/';
    asked.push({ host, path, authorization });
    const exchange = { request, response, path, host, otherHost: `other.test:${host.split(':')[1] ?? ''}` };
    if (!lie(exchange) && !truth(exchange)) response.writeHead(404).end('{"errors":[]}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each request's first bytes with whatever `answer` writes. */
export async function startRawServer(answer: (socket: Socket) => void): Promise<Pick<LyingServer, 'port' | 'close'>> {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    socket.once('data', () => answer(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Finds every name at 127.0.0.1, so that hosts can look as if they were elsewhere. */
export const lookUpLoopback: LookupFunction = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** Writes for as long as anybody reads. */
export function writeEndlessly(response: ServerResponse | Socket, chunk: string | Uint8Array): void {
  const write = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', write);
  write();
}
