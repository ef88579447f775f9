import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { testCertificate, testKey } from '../../test/tls-front.ts';
import { readAll } from '../streams/read-all.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import type { NodeHttpClientOptions } from './node-http-client.node.ts';
import { createNodeReadClient } from './node-read-client.node.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A server with all the connections that were made to it. */
async function listen(server: Server, scheme: string = 'http'): Promise<{ readonly url: URL; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/`), sockets };
}

/** Answers every request on a connection with the same bytes. */
function answerWith(...answers: readonly (string | Uint8Array)[]): Server {
  return createTcpServer((socket) => {
    socket.on('data', () => answers.forEach((answer) => socket.write(answer)));
  });
}

function open(options: NodeHttpClientOptions = {}): HttpClient {
  const client = createNodeReadClient({ env: {}, ...options });
  cleanups.push(() => client.close());
  return client;
}

async function readText({ body }: HttpResponse): Promise<string> {
  return new TextDecoder().decode(await readAll(body, 1_000_000, 'the answer'));
}

function pattern(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 31 + (index >> 9)) % 251);
}

const giveRange =
  (bytes: Uint8Array): RequestListener =>
  (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const part = bytes.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, { 'content-length': part.byteLength }).end(part);
  };

describe.each(['http', 'https'])('over %s', (scheme) => {
  const serve = (listener: RequestListener): Promise<{ readonly url: URL; readonly sockets: Socket[] }> =>
    listen(scheme === 'http' ? createHttpServer(listener) : createHttpsServer({ key: testKey, cert: testCertificate }, listener), scheme);

  test('ranges come byte for byte, side by side and one after the other over the same connections, whether or not memory is used again', async () => {
    const bytes = pattern(3_000_000);
    const { url, sockets } = await serve(giveRange(bytes));
    const client = open({ ca: testCertificate });
    const found = new Uint8Array(bytes.byteLength);
    const read = async (start: number, end: number, mayReuse: boolean): Promise<void> => {
      const { body } = await client.send({ method: 'GET', url, headers: { range: `bytes=${start}-${end - 1}` }, mayReuse });
      let position = start;
      const kept: (readonly [Uint8Array, number])[] = [];
      for await (const chunk of body) {
        // Some readers are slower than the server
        if (start === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        if (mayReuse) found.set(chunk, position);
        else kept.push([chunk, position]);
        position += chunk.byteLength;
      }
      for (const [chunk, at] of kept) found.set(chunk, at);
    };
    for (const mayReuse of [true, false]) {
      found.fill(0);
      await Promise.all([read(0, 1_000_000, mayReuse), read(1_000_000, 1_000_001, mayReuse)]);
      await Promise.all([read(1_000_001, 2_000_000, mayReuse), read(2_000_000, 3_000_000, mayReuse)]);
      expect(Buffer.from(found).equals(bytes)).toBe(true);
    }
    expect(sockets.length).toBe(2);
  });

  test('connections that were opened ahead are used', async () => {
    const { url, sockets } = await serve(giveRange(pattern(100)));
    const client = open({ ca: testCertificate });
    client.prepare?.(url, 3);
    await expect.poll(() => sockets.length).toBe(3);
    const ask = (): Promise<HttpResponse> => client.send({ method: 'GET', url, headers: { range: 'bytes=0-9' } });
    const answers = await Promise.all([ask(), ask(), ask()]);
    for (const answer of answers) expect((await readText(answer)).length).toBe(10);
    expect(sockets.length).toBe(3);
  });
});

test('what comes before the connection breaks is given, and then the failure', async () => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () => socket.end()));
  });
  const { body } = await open().send({ method: 'GET', url: (await listen(server)).url });
  let text = '';
  const read = async (): Promise<void> => {
    for await (const chunk of body) text += Buffer.from(chunk).toString();
  };
  await expect(read()).rejects.toMatchObject({ code: 'connection-failed' });
  expect(text).toBe('abc');
});

test('a body that comes slowly, with pauses and bursts, is given as it comes, and right', async () => {
  const bytes = pattern(900_000);
  const cuts = [0, 10, 20, 300_000, 300_010, 700_000, 900_000];
  const { url } = await listen(
    createHttpServer((_request, response) => {
      response.writeHead(200, { 'content-length': bytes.byteLength });
      cuts.slice(1).forEach((end, index) => setTimeout(() => response.write(bytes.subarray(cuts[index], end)), 150 * index));
    }),
  );
  for (const mayReuse of [true, false]) {
    const { body } = await open().send({ method: 'GET', url, mayReuse });
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(mayReuse ? chunk.slice() : chunk);
    expect(chunks[0]?.byteLength).toBe(10);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  }
});

test('a head may come in any pieces', async () => {
  const pieces = ['H', 'TTP/1.1 200 OK\r', '\ncontent-length: 3\r\n\r', '\nab', 'c'];
  const server = createTcpServer((socket) => {
    socket.setNoDelay();
    socket.once('data', () => pieces.forEach((piece, index) => setTimeout(() => socket.write(piece), 10 * index)));
  });
  expect(await readText(await open().send({ method: 'GET', url: (await listen(server)).url }))).toBe('abc');
});

test.each([
  ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['after another one', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'],
])('an answer %s is read all the same', async (_how, answer) => {
  const { url, sockets } = await listen(answerWith(answer));
  expect(await readText(await open().send({ method: 'GET', url }))).toBe('abc');
  expect(sockets.length).toBe(2);
});

test('a head without an end is not read for ever', async () => {
  const { url } = await listen(answerWith('HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(100_000)}`));
  await expect(open().send({ method: 'GET', url })).rejects.toMatchObject({ code: 'response-invalid' });
});

test('a connection over which more comes than was said is not used again', async () => {
  const { url, sockets } = await listen(answerWith('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'));
  const client = open();
  const ask = async (): Promise<string> => readText(await client.send({ method: 'GET', url }));
  expect(await ask()).toBe('abc');
  sockets[0]!.write('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nxyz');
  await expect.poll(() => sockets[0]!.destroyed).toBe(true);
  expect(await ask()).toBe('abc');
  expect(sockets.length).toBe(2);
});

test('a connection that the server means to close is not used again', async () => {
  const { url, sockets } = await listen(answerWith('HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc'));
  const client = open();
  for (let turn = 0; turn < 2; turn += 1) expect(await readText(await client.send({ method: 'GET', url }))).toBe('abc');
  expect(sockets.length).toBe(2);
});

test('a body that is left closes its connection, unless all of it has come', async () => {
  const { url, sockets } = await listen(
    createHttpServer((request, response) => response.end(new Uint8Array(Number(request.url?.slice(1))))),
  );
  const client = open();
  const leave = async (size: number): Promise<void> => {
    const { body } = await client.send({ method: 'GET', url: new URL(String(size), url) });
    for await (const _ of body) break;
  };
  await leave(100);
  await leave(100);
  expect(sockets.length).toBe(1);
  await leave(50_000_000);
  await expect.poll(() => sockets[0]!.destroyed).toBe(true);
});

test('a connection whose body was left when all of it had come, and filled all blocks, reads the next answer', async () => {
  const size = 400_000;
  const { url, sockets } = await listen(createHttpServer((_request, response) => response.end(new Uint8Array(size))));
  const client = open({ idleTimeoutMs: 1000 });
  const { body } = await client.send({ method: 'GET', url });
  await new Promise((resolve) => setTimeout(resolve, 100));
  for await (const _ of body) break;
  expect((await readText(await client.send({ method: 'GET', url }))).length).toBe(size);
  expect(sockets.length).toBe(1);
});

test('a request that is aborted at once is not sent', async () => {
  const { url, sockets } = await listen(answerWith('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc'));
  const stop = new AbortController();
  const sending = open().send({ method: 'GET', url, signal: stop.signal });
  stop.abort();
  await expect(sending).rejects.toMatchObject({ code: 'aborted' });
  expect(sockets.length).toBe(0);
});

test('header values that would break the request are refused', async () => {
  const { url } = await listen(answerWith('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  const request = { method: 'GET', url, headers: { 'x-evil': 'a\r\nb: c' } };
  await expect(open().send(request)).rejects.toMatchObject({ code: 'input-invalid' });
});

test('goes by the proxy of the environment', async () => {
  const seen: (string | undefined)[] = [];
  const { url } = await listen(createHttpServer((request, response) => response.end(`${seen.push(request.url)}`)));
  const client = open({ env: { http_proxy: url.href } });
  await readText(await client.send({ method: 'GET', url: new URL('http://bucket.invalid/key') }));
  expect(seen).toEqual(['http://bucket.invalid/key']);
});

test('connections that could not be opened ahead are nobody’s failure', async () => {
  const { url } = await listen(createTcpServer());
  for (const cleanup of cleanups.splice(0)) await cleanup();
  const client = open();
  client.prepare?.(url, 4);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(client.send({ method: 'GET', url })).rejects.toMatchObject({ code: 'connection-failed' });
});

test('does not wait for a connection longer than it may', async () => {
  const { url } = await listen(createTcpServer(), 'https');
  const client = open({ connectTimeoutMs: 100 });
  await expect(client.send({ method: 'GET', url })).rejects.toMatchObject({ code: 'timed-out' });
});
