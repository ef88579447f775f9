import { Agent as HttpAgent, createServer as createHttpServer, request as requestHttp, type RequestListener } from 'node:http';
import { Agent as HttpsAgent, createServer as createHttpsServer, request as requestHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { serverCertificate, testAuthority } from '../../test/certificates.ts';
import { createNodeHttpClient } from './node-http-client.node.ts';
import { type PreparedSockets, prepareSockets } from './prepared-sockets.node.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

interface Stage {
  readonly url: URL;
  /** Connections that the server has seen, those that are closed among them. */
  readonly opened: Socket[];
  readonly openNow: () => number;
  readonly prepared: PreparedSockets;
  readonly get: () => Promise<number | undefined>;
}

/** A server that answers after a moment, so that requests which are made at once are under way at once, and one connection that rests. */
async function start({ isTls = false, restMs = 5000 } = {}): Promise<Stage> {
  const onRequest: RequestListener = (_, response) => void setTimeout(() => response.end('moo'), 30);
  const server = isTls ? createHttpsServer(serverCertificate, onRequest) : createHttpServer(onRequest);
  const opened: Socket[] = [];
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    opened.push(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = isTls ? new HttpsAgent({ keepAlive: true, ca: testAuthority }) : new HttpAgent({ keepAlive: true });
  const prepared = prepareSockets(agent, restMs);
  cleanups.push(
    () => prepared.close(),
    () => agent.destroy(),
    () => void server.close(),
    () => opened.forEach((socket) => socket.destroy()),
  );
  const url = new URL(`${isTls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const get = (): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = isTls ? { host: 'registry.test' } : {};
      const request = (isTls ? requestHttps : requestHttp)(url, { agent, headers }, (answer) =>
        answer.resume().on('end', () => resolve(answer.statusCode)),
      );
      request.on('error', reject).end();
    });
  return { url, opened, openNow: () => opened.filter(({ closed }) => !closed).length, prepared, get };
}

describe.each([
  ['plain HTTP', false],
  ['TLS', true],
])('connections that are opened ahead, over %s', (_, isTls) => {
  test('are not used where the server has said something that nobody asked for', async () => {
    const { url, opened, prepared, get } = await start({ isTls });
    await get();
    prepared.prepare(url, 3);
    await expect.poll(() => opened.length).toBe(3);
    for (const socket of opened.slice(1)) socket.write('HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await Promise.all([get(), get(), get()])).toEqual([200, 200, 200]);
  });

  test('are those that requests go over', async () => {
    const { url, opened, prepared, get } = await start({ isTls });
    await get();
    prepared.prepare(url, 4);
    await vi.waitFor(() => expect(opened).toHaveLength(4));
    expect(await Promise.all([get(), get(), get(), get(), get()])).toEqual([200, 200, 200, 200, 200]);
    expect(opened).toHaveLength(5);
  });

  test('may be taken before they are open', async () => {
    const { url, opened, prepared, get } = await start({ isTls });
    await get();
    prepared.prepare(url, 3);
    expect(await Promise.all([get(), get(), get()])).toEqual([200, 200, 200]);
    expect(opened).toHaveLength(3);
  });

  test('are closed when nobody takes them', async () => {
    const { url, opened, openNow, prepared, get } = await start({ isTls, restMs: 100 });
    await get();
    prepared.prepare(url, 3);
    await vi.waitFor(() => expect(opened).toHaveLength(3));
    await vi.waitFor(() => expect(openNow()).toBe(1));
  });

  test('are not taken once the server has closed them', async () => {
    const { url, opened, openNow, prepared, get } = await start({ isTls });
    await get();
    prepared.prepare(url, 3);
    await vi.waitFor(() => expect(opened).toHaveLength(3));
    for (const socket of opened.slice(1)) socket.destroy();
    await vi.waitFor(() => expect(openNow()).toBe(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await Promise.all([get(), get()])).toEqual([200, 200]);
  });
});

test('none is opened to where nothing was asked yet, and no more than are wanted', async () => {
  const { url, opened, prepared, get } = await start();
  prepared.prepare(url, 4);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(opened).toHaveLength(0);
  await get();
  prepared.prepare(url, 2);
  prepared.prepare(url, 2);
  prepared.prepare(url, 1);
  prepared.prepare(url, -1);
  await vi.waitFor(() => expect(opened).toHaveLength(2));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(opened).toHaveLength(2);
});

test('one that cannot be opened is nobody’s failure', async () => {
  const { url, prepared, get, opened } = await start();
  await get();
  const elsewhere = new URL(`http://127.0.0.1:1/`);
  prepared.prepare(elsewhere, 3);
  prepared.prepare(url, 2);
  expect(await get()).toBe(200);
  expect(opened.length).toBeLessThanOrEqual(2);
});

test('closing the client closes those that rest', async () => {
  const { url, opened, openNow } = await start();
  const client = createNodeHttpClient({ env: {} });
  const { body } = await client.send({ method: 'GET', url });
  for await (const _chunk of body);
  client.prepare?.(url, 3);
  await vi.waitFor(() => expect(opened).toHaveLength(3));
  await client.close();
  await vi.waitFor(() => expect(openNow()).toBe(0));
});
