import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import { RegistryError } from '../errors/registry-error.ts';

/** What answers requests. `request.signal` aborts when the client hangs up before it has the whole answer. */
export type FetchHandler = (request: Request) => Promise<Response>;

export interface ServeOptions {
  /** An address of this machine, such as `127.0.0.1`. */
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  /** Told of what went wrong in an answer: the client sees no more than 500, or a connection that breaks. */
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

export interface RunningServer {
  /** `http://HOST:PORT`, without a `/` at its end. */
  readonly url: string;
  /** Breaks the answers under way and stops listening. */
  close(): Promise<void>;
}

/**
 * Serves a fetch handler by Node's HTTP server: bodies are streamed both ways, no faster than the other end takes them.
 * A handler that throws answers 500, or breaks the connection once the answer has begun.
 * @throws RegistryError `usage-invalid` where the address cannot be listened on
 */
export async function serveFetch(handler: FetchHandler, { host, port, onFailure }: ServeOptions): Promise<RunningServer> {
  const server = createServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch((error: unknown) => {
      if (outgoing.headersSent) outgoing.destroy();
      else sendEmpty(outgoing, 500);
      onFailure?.(error);
    });
  });
  server.on('connect', (_, socket: Duplex) => refuseTunnel(socket));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new RegistryError('usage-invalid', `Cannot listen on ${host}:${port}`, {
      cause: error,
      hint: 'Choose another address or port with --listen; port 0 takes a free one.',
    });
  }
  return { url: formatUrl(server.address() as AddressInfo), close: () => closeServer(server) };
}

async function answer(handler: FetchHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const hungUp = new AbortController();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) hungUp.abort();
  });
  // Fetch knows no such request, and nobody here answers one.
  if (incoming.method === 'TRACE') {
    sendEmpty(outgoing, 405, { allow: readingMethods });
    return;
  }
  const request = toRequest(incoming, hungUp.signal);
  if (!request) {
    sendEmpty(outgoing, 400);
    return;
  }
  try {
    await sendResponse(await handler(request), outgoing, hungUp.signal);
  } catch (error) {
    // Nobody is there any more to be told of it.
    if (!hungUp.signal.aborted) throw error;
  }
}

/** Undefined for what is no request that fetch knows: a host or path that make no URL. */
function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', url = '/', headers: incomingHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < incoming.rawHeaders.length; at += 2)
    headers.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
  // The path is appended as it is: `//host/path` must not be taken for another host.
  const target = url.startsWith('/') ? `http://${incomingHeaders.host ?? 'localhost'}${url}` : url;
  try {
    const hasBody = method !== 'GET' && method !== 'HEAD';
    const body = hasBody ? (Readable.toWeb(incoming) as ReadableStream<Uint8Array>) : undefined;
    return new Request(target, { method, headers, signal, ...(body && { body, duplex: 'half' as const }) });
  } catch {
    return undefined;
  }
}

async function sendResponse(response: Response, outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat());
  const reader = response.body?.getReader();
  if (!reader) {
    outgoing.end();
    return;
  }
  try {
    for (;;) {
      if (signal.aborted) return;
      const { done, value } = await reader.read();
      if (done) break;
      if (!outgoing.write(value)) await drained(outgoing, signal);
    }
    outgoing.end();
  } finally {
    // Nothing to cancel after the end; before it, this lets go of what lies behind the body.
    await reader.cancel().catch(() => undefined);
  }
}

/** Waits until the client has taken what it was sent, or hung up. */
async function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(outgoing, 'drain', { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function sendEmpty(outgoing: ServerResponse, status: number, headers: Readonly<Record<string, string>> = {}): void {
  outgoing.writeHead(status, { ...headers, 'content-length': '0', connection: 'close' });
  outgoing.end();
}

/** What every handler answers: a 405 has to name something (RFC 9110, 15.5.6). */
const readingMethods = 'GET, HEAD';

/** Answers CONNECT, for which Node gives no more than the connection. */
function refuseTunnel(socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 405 Method Not Allowed\r\nallow: ${readingMethods}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

function formatUrl({ address, port, family }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
