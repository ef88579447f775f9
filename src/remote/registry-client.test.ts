import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { startTokenRegistry } from '../../test/token-registry/token-registry.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import type { CredentialsLookup } from './credentials.ts';
import type { RateLimit } from './rate-limit.ts';
import { createRegistryClient, type RegistryClient, type RegistryClientOptions } from './registry-client.ts';
import { errorOfResponse } from './registry-errors.ts';

const http = createNodeHttpClient({ env: {} });
const clock = createVirtualClock();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => http.close());

interface Asked {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** A server that answers as it is told, and notes what it is asked. */
async function serve(answer: (url: string, response: ServerResponse) => void): Promise<{ host: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    answer(request.url ?? '', response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const ada: CredentialsLookup = async () => ({ kind: 'password', username: 'ada', password: 'sesame' });

function open(host: string, options: Partial<RegistryClientOptions> = {}): RegistryClient {
  return createRegistryClient({ host, http, clock, credentials: ada, scheme: 'http', ...options });
}

const get = (client: RegistryClient, path = '/v2/team/app/manifests/1.0'): ReturnType<RegistryClient['send']> =>
  client.send({ method: 'GET', path, scope: 'repository:team/app:pull' });

describe('a login', () => {
  it('is given to nobody whom the registry redirects to, whatever they ask for', async () => {
    for (const challenge of ['Basic realm="evil"', 'Bearer realm="http://HOST/token"']) {
      const evil = await serve((url, response) => {
        if (url === '/token') response.end('{"token":"t"}');
        else response.writeHead(401, { 'www-authenticate': challenge.replace('HOST', evil.host) }).end();
      });
      const registry = await serve((_url, response) => response.writeHead(307, { location: `http://${evil.host}/v2/` }).end());
      expect((await get(open(registry.host))).status).toBe(401);
      expect(evil.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/v2/', undefined]]);
      expect(registry.asked).toHaveLength(1);
    }
  });

  it('follows no redirect of the realm', async () => {
    const evil = await serve((_url, response) => response.end('{"token":"t"}'));
    const registry = await serve((url, response) => {
      if (url.startsWith('/token')) response.writeHead(307, { location: `http://${evil.host}/token` }).end();
      else response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${registry.host}/token"` }).end();
    });
    expect(await rejection(get(open(registry.host)))).toMatchObject({ code: 'registry-invalid' });
    expect(evil.asked).toEqual([]);
  });

  it('is looked up with the repository, and used for that alone', async () => {
    const registry = await startTokenRegistry({ login: { kind: 'basic', username: 'ada', password: 'sesame' } });
    closers.push(() => registry.close());
    const looked: (string | undefined)[] = [];
    const client = open(registry.host, { credentials: (host, question) => (looked.push(question?.repository), ada(host)) });
    await get(client);
    await get(client);
    await client.send({ method: 'GET', path: '/v2/', scope: 'repository:other/app:pull,push' });
    expect(looked).toEqual(['team/app', 'other/app']);
  });

  it('may be a bearer token itself, which is shown once', async () => {
    const registry = await serve((_url, response) =>
      response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://127.0.0.1:1/"' }).end(),
    );
    const client = open(registry.host, { credentials: async () => ({ kind: 'registry-token', token: 'given' }) });
    expect((await get(client)).status).toBe(401);
    expect(registry.asked.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer given']);
  });
});

describe('a redirect', () => {
  it('to a link-local address is not followed', async () => {
    const registry = await serve((_url, response) =>
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    );
    expect(await rejection(get(open(registry.host)))).toMatchObject({ code: 'registry-invalid' });
    const away = open(registry.host).send({ method: 'PUT', path: new URL('http://169.254.169.254/'), scope: '' });
    expect(await rejection(away)).toMatchObject({ code: 'registry-invalid' });
  });
});

describe('a rate limit', () => {
  const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '3;w=21600' };

  it('is heard of with each answer', async () => {
    const registry = await serve((_url, response) => response.writeHead(200, headers).end());
    const heard: RateLimit[] = [];
    await get(open(registry.host, { onRateLimit: (limit) => heard.push(limit) }));
    expect(heard).toEqual([{ limit: 100, remaining: 3, windowSeconds: 21_600 }]);
  });

  it('that is reached is told in the error', async () => {
    const registry = await serve((_url, response) => response.writeHead(429, { ...headers, 'retry-after': '30' }).end());
    const error = await errorOfResponse(await get(open(registry.host)), 'read manifest', clock.now());
    expect(error).toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 30_000,
      hint: expect.stringMatching(/3 of 100 .* 6 hours.*bucketry login/) as unknown,
    });
  });
});

describe('a route', () => {
  it('moves the API, and adds a query and headers, which no other origin sees', async () => {
    const other = await serve((_url, response) => response.end());
    const mirror = await serve((_url, response) => response.writeHead(307, { location: `http://${other.host}/blob` }).end());
    const route = { basePath: '/proxy/v2', query: { ns: 'docker.io' }, headers: { 'x-key': 'secret' } };
    await get(open(mirror.host, { route }), '/v2/team/app/blobs/sha256:00');
    expect(mirror.asked).toMatchObject([{ url: '/proxy/v2/team/app/blobs/sha256:00?ns=docker.io', headers: { 'x-key': 'secret' } }]);
    expect(other.asked.map(({ url, headers }) => [url, headers['x-key']])).toEqual([['/blob', undefined]]);
  });
});
