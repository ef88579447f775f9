import { createServer, type IncomingMessage, request as sendRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface HttpProxyOptions {
  /** `name:password` that each request must come with. */
  readonly login?: string | undefined;
  /** Answers no CONNECT at all. */
  readonly hangs?: boolean | undefined;
}

/** A forward proxy on this machine: CONNECT, and absolute URLs for plain HTTP. Every name but its own leads to 127.0.0.1, so that no test needs a resolver. */
export interface HttpProxy {
  readonly port: number;
  readonly url: string;
  /** What it was asked for: `CONNECT registry.test:443`, `GET http://registry.test/v2/`. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function startHttpProxy({ login, hangs = false }: HttpProxyOptions = {}): Promise<HttpProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const mayPass = ({ headers }: IncomingMessage): boolean => wanted === undefined || headers['proxy-authorization'] === wanted;
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    if (!mayPass(request)) {
      response.writeHead(407).end();
      return;
    }
    const { port, pathname, search } = new URL(request.url ?? '');
    const { 'proxy-authorization': _login, 'proxy-connection': _connection, ...headers } = request.headers;
    const onward = sendRequest(
      { host: '127.0.0.1', port: port || 80, method: request.method, path: `${pathname}${search}`, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket)).on('error', () => undefined);
  });
  server.on('connect', (request, front: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    if (hangs) return;
    if (!mayPass(request)) {
      front.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="tests"\r\n\r\n');
      return;
    }
    const back = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      front.write('HTTP/1.1 200 Connection established\r\n\r\n');
      front.pipe(back).pipe(front);
    });
    back.on('error', () => front.destroy()).on('close', () => front.destroy());
    front.on('close', () => back.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
