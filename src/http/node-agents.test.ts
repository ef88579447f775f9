import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { clientCertificate, serverCertificate, testAuthority } from '../../test/certificates.ts';
import { rejection } from '../../test/coded-errors.ts';
import { type HttpProxy, startHttpProxy, type HttpProxyOptions } from '../../test/http-proxy.ts';
import { readAll } from '../streams/read-all.ts';
import { createNodeHttpClient, type NodeHttpClientOptions } from './node-http-client.node.ts';

const cleanups: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const answer: RequestListener = ({ url, headers }, response) =>
  response.setHeader('connection', 'close').end(`${headers.host ?? ''}${url ?? ''} ${headers['proxy-authorization'] ?? 'no login'}`);

const startPlain = (): Promise<number> => listen(createHttpServer(answer));
const startTls = (): Promise<number> => listen(createHttpsServer(serverCertificate, answer));

async function startProxy(options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const proxy = await startHttpProxy(options);
  cleanups.push(() => proxy.close());
  return proxy;
}

async function get(url: string, options: NodeHttpClientOptions): Promise<string> {
  const client = createNodeHttpClient({ ca: testAuthority, ...options });
  cleanups.push(() => client.close());
  const { body } = await client.send({ method: 'GET', url: new URL(url), signal: AbortSignal.timeout(10_000) });
  return new TextDecoder().decode(await readAll(body, 1000, 'the answer'));
}

describe('through a proxy', () => {
  test('goes TLS in a tunnel', async () => {
    const [proxy, port] = [await startProxy(), await startTls()];
    const url = `https://registry.test:${port}/v2/`;
    expect(await get(url, { env: { HTTPS_PROXY: proxy.url } })).toBe(`registry.test:${port}/v2/ no login`);
    expect(await get(url, { env: { all_proxy: `127.0.0.1:${proxy.port}` } })).toContain('/v2/');
    expect(proxy.asked).toEqual(Array<string>(2).fill(`CONNECT registry.test:${port}`));
  });

  test('goes plain HTTP by its whole URL', async () => {
    const [proxy, port] = [await startProxy(), await startPlain()];
    expect(await get(`http://registry.test:${port}/v2/`, { env: { HTTP_PROXY: proxy.url } })).toContain('/v2/');
    expect(proxy.asked).toEqual([`GET http://registry.test:${port}/v2/`]);
  });

  test('goes the login of the proxy to the proxy alone', async () => {
    const [proxy, tls, plain] = [await startProxy({ login: 'ada:p@ss' }), await startTls(), await startPlain()];
    const env = { ALL_PROXY: proxy.url.replace('//', '//ada:p%40ss@') };
    expect(await get(`https://registry.test:${tls}/`, { env })).toContain('no login');
    expect(await get(`http://registry.test:${plain}/`, { env })).toContain('no login');
  });

  test('goes nothing whose login it refuses, and nobody hears of it', async () => {
    const [proxy, port] = [await startProxy({ login: 'ada:sesame' }), await startTls()];
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//ada:opensesame@') };
    const error = await rejection(get(`https://registry.test:${port}/`, { env }));
    expect(error).toMatchObject({ code: 'connection-failed', hint: expect.stringContaining('HTTPS_PROXY') as unknown });
    expect(`${String(error)} ${String((error as Error).cause)}`).not.toMatch(/sesame|b3BlbnNlc2FtZQ/);
  });

  test('waits nobody longer than for a connection', async () => {
    const proxy = await startProxy({ hangs: true });
    const url = 'https://registry.test/';
    expect(await rejection(get(url, { env: { HTTPS_PROXY: proxy.url }, connectTimeoutMs: 300 }))).toMatchObject({
      code: 'connection-failed',
    });
    const client = createNodeHttpClient({ env: { HTTPS_PROXY: proxy.url } });
    const aborted = client.send({ method: 'GET', url: new URL(url), signal: AbortSignal.timeout(100) });
    expect(await rejection(aborted)).toMatchObject({ code: 'aborted' });
  });

  test('goes an answer that takes longer than the tunnel may', async () => {
    const proxy = await startProxy();
    const port = await listen(
      createHttpsServer(serverCertificate, (_request, response) => void setTimeout(() => response.end('late'), 1500)),
    );
    expect(await get(`https://registry.test:${port}/`, { env: { HTTPS_PROXY: proxy.url }, connectTimeoutMs: 500 })).toBe('late');
  });

  test('goes nothing that stays on this machine, nor to whom NO_PROXY names', async () => {
    const [proxy, port] = [await startProxy(), await startPlain()];
    expect(await get(`http://127.0.0.1:${port}/`, { env: { HTTP_PROXY: proxy.url } })).toContain('127.0.0.1');
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: 'registry.test' };
    const lookup: NonNullable<NodeHttpClientOptions['lookup']> = (_host, options, done) =>
      options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
    expect(await get(`http://registry.test:${port}/`, { env, lookup })).toContain('registry.test');
    expect(proxy.asked).toEqual([]);
  });
});

describe('over TLS', () => {
  test('is trusted whom the given authority has signed, and nobody else', async () => {
    const port = await startTls();
    expect(await get(`https://127.0.0.1:${port}/`, { env: {} })).toContain('no login');
    const untrusted = get(`https://127.0.0.1:${port}/`, { env: {}, ca: undefined });
    expect(await rejection(untrusted)).toMatchObject({ code: 'connection-failed', hint: expect.stringContaining('--ca-file') as unknown });
    expect(await get(`https://127.0.0.1:${port}/`, { env: {}, ca: undefined, verifies: false })).toContain('no login');
  });

  test('is a client known by its certificate', async () => {
    const server = createHttpsServer(
      { ...serverCertificate, ca: testAuthority, requestCert: true, rejectUnauthorized: true },
      ({ socket }, response) =>
        response.setHeader('connection', 'close').end(String((socket as TLSSocket).getPeerCertificate().subject.CN)),
    );
    const url = `https://127.0.0.1:${await listen(server)}/`;
    expect(await get(url, { env: {}, certificates: [clientCertificate] })).toBe('client');
    expect(await rejection(get(url, { env: {} }))).toMatchObject({ code: 'connection-failed' });
  });
});
