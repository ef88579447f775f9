import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** One request as the relay saw it, on the server's side of the link. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly status: number;
  /** By this process's clock (`performance.now`); the end is when the whole answer was handed to the system. */
  readonly startMs: number;
  readonly endMs: number;
  readonly sentBytes: number;
}

/** Passes on HTTP requests as they are, and keeps a list of them. */
export interface Relay {
  readonly port: number;
  /** What was recorded since the last call. */
  takeRequests(): readonly RecordedRequest[];
  close(): Promise<void>;
}

/** Starts a relay on all addresses, before a server of 127.0.0.1. It costs time: for counting and for the order, never for figures. */
export async function startRelay(targetPort: number): Promise<Relay> {
  let requests: RecordedRequest[] = [];
  const agent = new Agent({ keepAlive: true });
  const relay = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = '', url = '' } = incoming;
    const startMs = performance.now();
    let sentBytes = 0;
    incoming.on('data', (chunk: Uint8Array) => {
      sentBytes += chunk.byteLength;
    });
    // With the headers as they came, `Host` too: it is signed.
    const forwarded = request({ host: '127.0.0.1', port: targetPort, method, path: url, headers: incoming.rawHeaders, agent });
    const answered = once(forwarded, 'response') as Promise<[IncomingMessage]>;
    const [, [answer]] = await Promise.all([pipeline(incoming, forwarded), answered]);
    const status = answer.statusCode ?? 0;
    outgoing.writeHead(status, answer.rawHeaders);
    await pipeline(answer, outgoing);
    requests.push({ method, path: url, status, startMs, endMs: performance.now(), sentBytes });
  };
  const server = createServer((incoming, outgoing) => {
    relay(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    takeRequests() {
      const taken = requests.sort((a, b) => a.startMs - b.startMs);
      requests = [];
      return taken;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
