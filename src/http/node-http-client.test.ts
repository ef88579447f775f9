import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { testCertificate, testKey } from '../../test/tls-front.ts';
import type { ByteSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { createNodeHttpClient, type NodeHttpClientOptions } from './node-http-client.node.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(server: Server, scheme: string = 'http'): Promise<URL> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

function open(options: NodeHttpClientOptions = {}): HttpClient {
  const client = createNodeHttpClient({ env: {}, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function readText(response: HttpResponse): Promise<string> {
  return new TextDecoder().decode(await readAll(response.body, 1_000_000, 'the answer'));
}

/** Gives a chunk, then waits until it is told to stop. */
function stallingSource(size: number): ByteSource {
  return {
    size,
    seekable: false,
    async *open({ signal } = {}) {
      yield new Uint8Array(1000);
      await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('told to stop'))));
    },
  };
}

function zeroSource(size: number, chunkBytes: number): ByteSource & { given: number } {
  return {
    size,
    seekable: false,
    given: 0,
    async *open() {
      for (; this.given < size; this.given += chunkBytes) yield new Uint8Array(Math.min(chunkBytes, size - this.given));
    },
  };
}

const refusal = 'HTTP/1.1 403 Forbidden\r\ncontent-length: 4\r\n\r\nnope';

/** A server that answers and closes while we are writing, which none of our own thread could do. */
async function refuseFromAnotherThread(): Promise<URL> {
  const program = `
    const { createServer } = require('node:net');
    const { parentPort, workerData } = require('node:worker_threads');
    const refuse = (socket) => socket.on('error', () => {}).once('data', () => socket.end(workerData, () => socket.destroy()));
    const server = createServer(refuse).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;
  const worker = new Worker(program, { eval: true, workerData: refusal });
  cleanups.push(async () => void (await worker.terminate()));
  const [port] = (await once(worker, 'message')) as [number];
  return new URL(`http://127.0.0.1:${port}/`);
}

describe('an answer before the body was sent whole', () => {
  test.each([
    ['in one piece', 8_000_000],
    ['in many', 65_536],
  ])('wins over the failing of the rest, given %s, time after time', async (_how, chunkBytes) => {
    const url = await refuseFromAnotherThread();
    const client = open();
    for (let turn = 0; turn < 50; turn += 1) {
      const response = await client.send({ method: 'PUT', url, body: zeroSource(64_000_000, chunkBytes) });
      expect([response.status, await readText(response)]).toEqual([403, 'nope']);
    }
  });

  test('ends the reading of the source', async () => {
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(refusal))));
    const body = zeroSource(1_000_000_000, 65_536);
    await readText(await open().send({ method: 'PUT', url, body }));
    expect(body.given).toBeLessThan(body.size);
  });

  test('does not wait for a source that has nothing to give', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await listen(
      createTcpServer((socket) => {
        socket.once('data', () => socket.write(refusal));
        socket.on('close', () => closed.resolve());
      }),
    );
    const response = await open().send({ method: 'PUT', url, body: stallingSource(1_000_000) });
    expect([response.status, await readText(response)]).toEqual([403, 'nope']);
    await closed.promise;
  });
});

describe('time without a byte', () => {
  test('is not counted while our own source is waited for', async () => {
    const url = await listen(createHttpServer((request, response) => void request.resume().on('end', () => response.end('whole'))));
    const slow: ByteSource = {
      size: 2,
      seekable: false,
      async *open() {
        yield new Uint8Array(1);
        await new Promise((resolve) => setTimeout(resolve, 500));
        yield new Uint8Array(1);
      },
    };
    expect(await readText(await open({ idleTimeoutMs: 100 }).send({ method: 'PUT', url, body: slow }))).toBe('whole');
  });

  test('is counted when the server takes nothing more', async () => {
    const url = await listen(createTcpServer((socket) => void socket.pause()));
    const sending = open({ idleTimeoutMs: 200 }).send({ method: 'PUT', url, body: zeroSource(500_000_000, 65_536) });
    await expect(sending).rejects.toMatchObject({ code: 'timed-out' });
  });

  test('is counted again after a source that was slow for longer', async () => {
    const url = await listen(createTcpServer((socket) => void socket.resume()));
    const slow: ByteSource = {
      size: 2,
      seekable: false,
      async *open() {
        yield new Uint8Array(1);
        await new Promise((resolve) => setTimeout(resolve, 500));
        yield new Uint8Array(1);
      },
    };
    await expect(open({ idleTimeoutMs: 200 }).send({ method: 'PUT', url, body: slow })).rejects.toMatchObject({ code: 'timed-out' });
  });

  test('may be shorter while bytes of the body are left than while the answer is waited for', async () => {
    const deaf = await listen(createTcpServer((socket) => void socket.pause()));
    const sending = open().send({ method: 'PUT', url: deaf, body: zeroSource(500_000_000, 65_536), stallTimeoutMs: 200 });
    await expect(sending).rejects.toMatchObject({ code: 'timed-out', message: expect.stringContaining('taken within 200 ms') });

    const slow = await listen(
      createHttpServer((request, response) => request.resume().on('end', () => setTimeout(() => response.end('late'), 500))),
    );
    const request = { method: 'PUT', url: slow, body: zeroSource(1000, 1000), stallTimeoutMs: 100 };
    expect(await readText(await open({ idleTimeoutMs: 5000 }).send(request))).toBe('late');
    await expect(open({ idleTimeoutMs: 300 }).send({ ...request, body: zeroSource(1000, 1000) })).rejects.toMatchObject({
      message: `Cannot talk to ${slow.origin}: no byte moved within 300 ms`,
    });
  });

  test('is counted until a TLS connection stands', async () => {
    const url = await listen(
      createTcpServer(() => {}),
      'https',
    );
    const error = await open({ connectTimeoutMs: 100 })
      .send({ method: 'GET', url })
      .catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'timed-out', message: `Cannot talk to ${url.origin}: no connection within 100 ms` });
  });
});

describe('connections', () => {
  test('are used again, and given up before a server would close them', { timeout: 15_000 }, async () => {
    let connections = 0;
    const server = createHttpServer({ keepAliveTimeout: 60_000 }, (_request, response) => response.end('x')).on(
      'connection',
      () => (connections += 1),
    );
    const url = await listen(server);
    const client = open();
    for (let turn = 0; turn < 3; turn += 1) expect(await readText(await client.send({ method: 'GET', url }))).toBe('x');
    expect(connections).toBe(1);
    const stillOpen = (): Promise<number> => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    expect(await stillOpen()).toBe(1);
    await expect.poll(stillOpen, { timeout: 8000 }).toBe(0);
  });

  test('that rest are closed by close, and those in use go on to their end', async () => {
    let release: (() => void) | undefined;
    const server = createHttpServer((request, response) => {
      if (request.url === '/slow') release = () => response.end('at last');
      else response.end('x');
    });
    const url = await listen(server);
    const client = open();
    const slow = client.send({ method: 'GET', url: new URL('slow', url) });
    await readText(await client.send({ method: 'GET', url }));
    await expect.poll(() => release).toBeDefined();
    await client.close();
    release?.();
    expect(await readText(await slow)).toBe('at last');
    const stillOpen = (): Promise<number> => new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
    await expect.poll(stillOpen).toBe(0);
  });

  test('look names up as told', async () => {
    const url = await listen(createHttpServer((request, response) => response.end(request.headers.host)));
    const client = open({
      lookup: (_host, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)),
    });
    const named = new URL(`http://pub.bucket.test:${url.port}/`);
    expect(await readText(await client.send({ method: 'GET', url: named }))).toBe(named.host);
  });
});

describe('a connection that cannot be made', () => {
  test('says that the name is not known', async () => {
    const unknown = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const client = open({ lookup: (_host, _options, done) => done(unknown, '', 4) });
    const sending = client.send({ method: 'GET', url: new URL('http://no-such-host.test/') });
    await expect(sending).rejects.toMatchObject({
      code: 'connection-failed',
      message: 'Cannot talk to http://no-such-host.test: its name is not known',
    });
  });

  test('says that a certificate is not trusted, and trusts the authority it is given', async () => {
    const server = createHttpsServer({ key: testKey, cert: testCertificate }, (_request, response) => response.end('private'));
    const url = await listen(server, 'https');
    await expect(open().send({ method: 'GET', url })).rejects.toMatchObject({
      code: 'connection-failed',
      message: `Cannot talk to ${url.origin}: its TLS certificate is not trusted`,
      hint: expect.stringContaining('SSL_CERT_FILE'),
    });
    expect(await readText(await open({ ca: testCertificate }).send({ method: 'GET', url }))).toBe('private');
  });

  test('says that the server does not speak TLS', async () => {
    const plain = await listen(
      createHttpServer((_request, response) => response.end()),
      'https',
    );
    await expect(open().send({ method: 'GET', url: plain })).rejects.toMatchObject({
      code: 'connection-failed',
      hint: 'Perhaps it wants http:// instead of https://.',
    });
  });

  test('says that what answers is not HTTP', async () => {
    const url = await listen(createTcpServer((socket) => socket.end('220 mail.example ESMTP\r\n')));
    await expect(open().send({ method: 'GET', url })).rejects.toMatchObject({ code: 'response-invalid' });
  });
});
