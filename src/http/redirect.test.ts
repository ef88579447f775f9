import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { createNodeHttpClient } from './node-http-client.node.ts';
import { bindCredentialsToOrigin, type RedirectHop, sendFollowingRedirects } from './redirect.ts';

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const client = createNodeHttpClient({ env: {} });

interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that redirects as its table says, and notes what it was asked. */
async function serve(redirects: Record<string, readonly [number, string]>): Promise<{ url: URL; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ method: request.method, path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
      const [status, location] = redirects[request.url ?? ''] ?? [200, undefined];
      response.writeHead(status, location === undefined ? {} : { location }).end(`from ${request.url}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), seen };
}

const secrets = { authorization: 'Bearer secret', cookie: 'a=secret', 'x-amz-security-token': 'secret' };

describe('sendFollowingRedirects', () => {
  test('follows to where it ends and says where that was', async () => {
    const { url } = await serve({ '/a': [302, 'b'], '/b': [307, '/c?x=1'] });
    const response = await sendFollowingRedirects(client, { method: 'GET', url: new URL('a', url) });
    expect([response.status, response.url.href]).toEqual([200, `${url.href}c?x=1`]);
    expect(new TextDecoder().decode(await readAll(response.body, 1000, 'it'))).toBe('from /c?x=1');
  });

  test('sends credentials on within the origin, and to no other', async () => {
    const other = await serve({});
    const first = await serve({ '/a': [302, '/b'], '/b': [302, other.url.href] });
    const headers = { ...secrets, accept: 'x/y' };
    await sendFollowingRedirects(client, { method: 'GET', url: new URL('a', first.url), headers });
    expect(first.seen[1]?.headers).toMatchObject(secrets);
    expect(other.seen[0]?.headers['accept']).toBe('x/y');
    expect(JSON.stringify(other.seen[0])).not.toContain('secret');
  });

  test('does not give them back to an origin that was left in between', async () => {
    const redirects: Record<string, readonly [number, string]> = {};
    const first = await serve(redirects);
    const other = await serve({ '/': [302, `${first.url.href}end`] });
    redirects['/a'] = [302, other.url.href];
    await sendFollowingRedirects(client, { method: 'GET', url: new URL('a', first.url), headers: secrets });
    expect(JSON.stringify(first.seen[1])).not.toContain('secret');
  });

  test('sends the body again on 307 and 308, and asks with GET after 303', async () => {
    const { url, seen } = await serve({ '/a': [307, '/b'], '/b': [308, '/c'], '/c': [303, '/d'] });
    const body = bytesSource(new TextEncoder().encode('moo'));
    await sendFollowingRedirects(client, { method: 'POST', url: new URL('a', url), headers: { 'content-type': 'x/y' }, body });
    expect(seen.map(({ method, body, headers }) => [method, body, headers['content-type']])).toEqual([
      ['POST', 'moo', 'x/y'],
      ['POST', 'moo', 'x/y'],
      ['POST', 'moo', 'x/y'],
      ['GET', '', undefined],
    ]);
  });

  test('gives up after five hops', async () => {
    const { url, seen } = await serve({ '/a': [302, '/a'] });
    const sending = sendFollowingRedirects(client, { method: 'GET', url: new URL('a', url) });
    await expect(sending).rejects.toMatchObject({ code: 'response-invalid', message: expect.stringContaining('over 5 redirects') });
    expect(seen).toHaveLength(6);
  });

  test('takes a redirect to nowhere as the answer', async () => {
    const { url } = await serve({ '/a': [304, '/b'], '/c': [302, 'http://['] });
    for (const path of ['a', 'c']) {
      const response = await sendFollowingRedirects(client, { method: 'HEAD', url: new URL(path, url) });
      expect(response.url.pathname).toBe(`/${path}`);
    }
  });

  test('lets the policy keep a redirect for the caller, or refuse it', async () => {
    const { url, seen } = await serve({ '/a': [307, '/b'] });
    const kept = await sendFollowingRedirects(client, { method: 'GET', url: new URL('a', url) }, () => undefined);
    expect(kept.status).toBe(307);
    const refusal = new Error('not there');
    const refused = sendFollowingRedirects(client, { method: 'GET', url: new URL('a', url) }, () => {
      throw refusal;
    });
    await expect(refused).rejects.toBe(refusal);
    expect(seen.map(({ path }) => path)).toEqual(['/a', '/a']);
  });
});

describe('bindCredentialsToOrigin', () => {
  function hop(from: string, to: string): RedirectHop {
    const response = { status: 302, headers: {}, body: (async function* (): AsyncGenerator<Uint8Array> {})() };
    return { request: { method: 'GET', url: new URL(from), headers: secrets }, response, location: new URL(to) };
  }

  test.each(['http://a.test/', 'ftp://a.test/', 'file:///etc/passwd'])('refuses to go from https to %s', (to) => {
    expect(() => bindCredentialsToOrigin(hop('https://a.test/?token=secret', to))).toThrow(
      /^Refused to follow https:\/\/a\.test\/\?token=REDACTED to /,
    );
  });

  test('counts another port, and another scheme, as another origin', () => {
    expect(bindCredentialsToOrigin(hop('http://a.test/', 'http://a.test:81/')).headers).toEqual({});
    expect(bindCredentialsToOrigin(hop('http://a.test/', 'https://a.test/')).headers).toEqual({});
    expect(bindCredentialsToOrigin(hop('http://a.test/', 'http://a.test:80/b')).headers).toEqual(secrets);
  });
});
