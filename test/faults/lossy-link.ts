import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A link to a server that breaks now and then. */
export interface LossyLink {
  /** `http://127.0.0.1:PORT`, as the server's own. */
  readonly endpoint: string;
  readonly requests: number;
  /** Requests whose connection was reset, before their answer had come in full. */
  readonly dropped: number;
  close(): Promise<void>;
}

export interface LossyLinkOptions {
  readonly endpoint: string;
  /** Of all requests, which share is lost. */
  readonly share: number;
  readonly seed: number;
}

const requestHead = /^(?:GET|HEAD|PUT|POST|DELETE) \//;
/** An answer without a body is cut within its head. */
const answerBytes = 200;

/**
 * Opens a TCP relay to a server. Of the requests that pass, some lose their connection: half of them while their bytes are on their way, at any of them, the others while they are answered.
 * It looks only for where requests begin: a client sends none before the last one is answered.
 */
export async function openLossyLink({ endpoint, share, seed }: LossyLinkOptions): Promise<LossyLink> {
  const random = createRandom(seed);
  const sockets = new Set<Socket>();
  const counts = { requests: 0, dropped: 0 };
  const relay = createServer((client) => {
    const server = connect(Number(new URL(endpoint).port), '127.0.0.1');
    /** Bytes that still pass each way. */
    const left = { up: Infinity, down: Infinity };
    const end = (): void => {
      client.resetAndDestroy();
      server.resetAndDestroy();
    };
    const pass = (way: keyof typeof left, to: Socket, from: Socket) => (chunk: Buffer) => {
      const isCut = chunk.length > left[way];
      const passed = isCut ? chunk.subarray(0, left[way]) : chunk;
      left[way] -= passed.length;
      if (!to.write(passed)) {
        from.pause();
        to.once('drain', () => from.resume());
      }
      if (isCut) {
        counts.dropped += 1;
        end();
      }
    };
    const up = pass('up', server, client);
    client.on('data', (chunk: Buffer) => {
      if (requestHead.test(chunk.subarray(0, 10).toString('latin1'))) {
        counts.requests += 1;
        Object.assign(left, { up: Infinity, down: Infinity });
        if (random() < share)
          Object.assign(
            left,
            random() < 0.5 ? { up: Math.floor(random() * countBytes(chunk)) } : { down: Math.floor(random() * answerBytes) },
          );
      }
      up(chunk);
    });
    server.on('data', pass('down', client, server));
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('end', () => other.end());
      socket.on('close', () => sockets.delete(socket));
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    get requests() {
      return counts.requests;
    },
    get dropped() {
      return counts.dropped;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      relay.close();
      await once(relay, 'close');
    },
  };
}

/** Bytes of the request that begins with this chunk. */
function countBytes(chunk: Buffer): number {
  const head = chunk.toString('latin1');
  const bodyBytes = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return (head.indexOf('\r\n\r\n') + 4 || chunk.length) + bodyBytes;
}

/** Numbers from 0 to 1 that a seed repeats. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
