import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { bytesSource, type ByteSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { createFetchHttpClient } from './fetch-http-client.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { createNodeHttpClient } from './node-http-client.node.ts';
import { createNodeReadClient } from './node-read-client.node.ts';

const adapters: readonly (readonly [string, (idleTimeoutMs?: number) => HttpClient])[] = [
  ['node', (idleTimeoutMs) => createNodeHttpClient({ env: {}, idleTimeoutMs })],
  ['read', (idleTimeoutMs) => createNodeReadClient({ env: {}, idleTimeoutMs })],
  ['fetch', (idleTimeoutMs) => createFetchHttpClient({ idleTimeoutMs })],
];

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handler: Handler): Promise<URL> {
  const server = createServer(
    (request, response) => void Promise.resolve(handler(request, response)).catch(() => request.socket.destroy()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

async function readText(response: HttpResponse): Promise<string> {
  return new TextDecoder().decode(await readAll(response.body, 1_000_000, 'the answer'));
}

/** A source of `size` zero bytes that does as told after `goodBytes`. */
function zeroSource(size: number, goodBytes: number = size, atEnd: () => Promise<void> = async () => {}): ByteSource {
  return {
    size,
    seekable: false,
    async *open() {
      for (let sent = 0; sent < goodBytes; sent += 65_536) yield new Uint8Array(Math.min(65_536, goodBytes - sent));
      await atEnd();
    },
  };
}

describe.each(adapters)('the %s client', (name, create) => {
  function open(idleTimeoutMs?: number): HttpClient {
    const client = create(idleTimeoutMs);
    cleanups.push(() => client.close());
    return client;
  }

  test('sends method, path, headers and body, and gives status, headers and body of the answer', async () => {
    const url = await serve(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      response.writeHead(201, { 'x-answer': 'yes', 'X-Twice': ['a', 'b'] });
      const { 'content-length': size, 'transfer-encoding': coding, 'x-mine': mine, expect: expected } = request.headers;
      response.end(JSON.stringify([request.method, request.url, size, coding, mine, expected, Buffer.concat(chunks).toString()]));
    });
    const response = await open().send({
      method: 'PUT',
      url: new URL('v2/a%2Bb?x=%20y', url),
      headers: { 'x-mine': '1' },
      body: bytesSource(new TextEncoder().encode('moo')),
    });
    expect(response.status).toBe(201);
    expect(response.headers).toMatchObject({ 'x-answer': 'yes', 'x-twice': 'a, b' });
    expect(JSON.parse(await readText(response))).toEqual(['PUT', '/v2/a%2Bb?x=%20y', '3', null, '1', null, 'moo']);
  });

  test('sends a large body whole, with its length', async () => {
    const url = await serve(async (request, response) => {
      let size = 0;
      for await (const chunk of request) size += (chunk as Buffer).byteLength;
      response.end(`${request.headers['content-length']} ${size}`);
    });
    const size = 20_000_001;
    const response = await open().send({ method: 'PUT', url, body: zeroSource(size) });
    expect(await readText(response)).toBe(`${size} ${size}`);
  });

  test('says that a PUT without a body has none', async () => {
    const url = await serve((request, response) => response.end(String(request.headers['content-length'])));
    expect(await readText(await open().send({ method: 'PUT', url }))).toBe('0');
  });

  test('follows no redirect', async () => {
    const url = await serve((_request, response) => response.writeHead(307, { location: '/elsewhere' }).end());
    const response = await open().send({ method: 'GET', url });
    expect([response.status, response.headers['location']]).toEqual([307, '/elsewhere']);
    expect(await readText(response)).toBe('');
  });

  test('gives a HEAD its headers and an empty body, and uses the connection again', async () => {
    const sockets = new Set<Socket>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      response.writeHead(200, { 'content-length': '12' }).end();
    });
    const client = open();
    for (let turn = 0; turn < 3; turn += 1) {
      const response = await client.send({ method: 'HEAD', url });
      expect(response.headers['content-length']).toBe('12');
      expect(await readText(response)).toBe('');
    }
    // fetch opens a second connection after a HEAD (FACTS, Transfer), so only ours is held to one
    if (name !== 'fetch') expect(sockets.size).toBe(1);
  });

  test('throws what the body throws, and the server sees a broken request', async () => {
    const ends: string[] = [];
    const url = await serve((request) => {
      request.on('error', () => ends.push('broken'));
      request.on('end', () => ends.push('whole'));
      request.resume();
    });
    const mistake = new RegistryError('digest-mismatch', 'These are not the bytes');
    const body = zeroSource(20_000_000, 19_000_000, () => Promise.reject(mistake));
    expect(await rejection(open().send({ method: 'PUT', url, body }))).toBe(mistake);
    await expect.poll(() => ends).toEqual(['broken']);
  });

  test('throws what the body throws at its end, even where the server has all it wanted', async () => {
    const url = await serve((request, response) => {
      request.resume();
      request.on('end', () => response.end('thanks'));
    });
    const mistake = new RegistryError('digest-mismatch', 'These are not the bytes');
    const body = zeroSource(100_000, 100_000, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw mistake;
    });
    expect(await rejection(open().send({ method: 'PUT', url, body }))).toBe(mistake);
  });

  test.each([
    ['too few', 10],
    ['too many', 30],
  ])('refuses a body that gives %s bytes', async (_what, given) => {
    const url = await serve((request, response) => {
      request.on('error', () => {});
      request.resume().on('end', () => response.end());
    });
    const body = { ...zeroSource(given), size: 20 };
    await expect(open().send({ method: 'PUT', url, body })).rejects.toMatchObject({ code: 'size-mismatch' });
  });

  test('says that nothing listens there', async () => {
    const url = await serve(() => {});
    for (const cleanup of cleanups.splice(0)) await cleanup();
    const error = await rejection(open().send({ method: 'GET', url: new URL('?X-Amz-Signature=secret', url) }));
    expect(error).toMatchObject({ code: 'connection-failed', message: `Cannot talk to ${url.origin}: the connection was refused` });
  });

  test('fails with connection-failed when the server breaks off before, and within, the answer', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/before') {
        request.socket.destroy();
        return;
      }
      response.writeHead(200, { 'content-length': '100' });
      response.write('only this', () => request.socket.destroy());
    });
    const client = open();
    await expect(client.send({ method: 'GET', url: new URL('before', url) })).rejects.toMatchObject({ code: 'connection-failed' });
    const response = await client.send({ method: 'GET', url: new URL('within', url) });
    await expect(readText(response)).rejects.toMatchObject({ code: 'connection-failed' });
  });

  test('fails with timed-out when no answer comes, and when its body stalls', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/stalls') response.writeHead(200, { 'content-length': '100' }).write('only this');
    });
    const client = open(200);
    await expect(client.send({ method: 'GET', url })).rejects.toMatchObject({ code: 'timed-out' });
    const response = await client.send({ method: 'GET', url: new URL('stalls', url) });
    await expect(readText(response)).rejects.toMatchObject({ code: 'timed-out' });
  });

  test('does not hold a slow reader against the server', async () => {
    const url = await serve((_request, response) => response.end(new Uint8Array(5_000_000)));
    const response = await open(100).send({ method: 'GET', url });
    let size = 0;
    for await (const chunk of response.body) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 400));
      size += chunk.byteLength;
    }
    expect(size).toBe(5_000_000);
  });

  test('stops with code aborted before, during and after the answer, however it was aborted', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/answers') response.writeHead(200, { 'content-length': '100' }).write('only this');
    });
    const client = open();
    await expect(client.send({ method: 'GET', url, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    await expect(client.send({ method: 'GET', url, signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ code: 'aborted' });
    const stop = new AbortController();
    const response = await client.send({ method: 'GET', url: new URL('answers', url), signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(readText(response)).rejects.toMatchObject({ code: 'aborted' });
  });

  test('closes the connection of a body that is left, begun or not', async () => {
    const closed: string[] = [];
    const url = await serve((request, response) => {
      request.socket.once('close', () => closed.push(request.url ?? ''));
      response.writeHead(200, { 'content-length': '100' }).write('only this');
    });
    const client = open();
    const begun = await client.send({ method: 'GET', url: new URL('begun', url) });
    for await (const _ of begun.body) break;
    const untouched = await client.send({ method: 'GET', url: new URL('untouched', url) });
    await untouched.body[Symbol.asyncIterator]().return?.();
    await expect.poll(() => closed.toSorted()).toEqual(['/begun', '/untouched']);
  });
});
