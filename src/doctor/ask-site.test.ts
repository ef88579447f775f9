import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { type FetchHandler, serveFetch } from '../server/node-server.node.ts';
import { openSite, type Site, type SiteOptions } from './ask-site.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function open(handler: FetchHandler, options: Partial<SiteOptions> = {}): Promise<Site> {
  const server = await serveFetch(handler, { host: '127.0.0.1', port: 0 });
  const http = createNodeHttpClient({ env: {} });
  cleanups.push(
    () => server.close(),
    () => http.close(),
  );
  return openSite({ origin: new URL(server.url), http, ...options });
}

describe('openSite', () => {
  it('asks for the same once, also at the same time', async () => {
    const paths: string[] = [];
    const site = await open(async ({ url }) => {
      paths.push(new URL(url).pathname);
      return new Response('x');
    });
    await Promise.all([site.ask({ path: 'a' }), site.ask({ path: 'a' }), site.ask({ path: 'b' })]);
    await site.ask({ path: 'a' });
    expect(paths.sort()).toEqual(['/a', '/b']);
    expect(site.countRequests()).toBe(2);
  });

  it('reads no more of a body than is wanted', async () => {
    const site = await open(async () => new Response(new Uint8Array(1_000_000)));
    const { body, isWhole } = await site.ask({ path: 'a', maxBytes: 1000 });
    expect([body.byteLength, isWhole]).toEqual([1000, false]);
    expect((await site.ask({ path: 'a', maxBytes: 1_000_000 })).isWhole).toBe(true);
  });

  it('makes an answer of a host that is not there', async () => {
    const site = await open(async () => new Response('x'));
    await cleanups.shift()?.();
    expect(await site.ask({ path: 'a' })).toMatchObject({ status: 0, failure: { code: 'connection-failed' } });
  });

  it('waits for no answer longer than it may, nor for the rest of one', async () => {
    const stalled = (): Response =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(5)),
        }),
      );
    const site = await open(
      async ({ url }) => {
        if (url.endsWith('/rest')) return stalled();
        await sleep(2_000);
        return new Response('late');
      },
      { requestTimeoutMs: 150 },
    );
    const [late, rest] = await Promise.all([site.ask({ path: 'late' }), site.ask({ path: 'rest' })]);
    expect(late).toMatchObject({ status: 0, failure: { code: expect.stringMatching(/registry-unavailable|timed-out/) as unknown } });
    expect(rest).toMatchObject({ status: 200, isWhole: false, failure: { code: expect.any(String) as unknown } });
  });

  it('rejects for the signal of its caller', async () => {
    const stop = new AbortController();
    const site = await open(async () => sleep(2_000, new Response('late')), { signal: stop.signal });
    const asked = site.ask({ path: 'a' });
    stop.abort();
    await expect(asked).rejects.toMatchObject({ code: 'aborted' });
    expect(() => site.ask({ path: 'b' })).toThrow(expect.objectContaining({ code: 'aborted' }));
  });

  it('follows redirects, remembers them, and does not go in circles for ever', async () => {
    const site = await open(async ({ url }) => {
      const location = url.endsWith('/a') ? '/b' : url.endsWith('/circle') ? '/circle' : undefined;
      return location === undefined ? new Response('there') : new Response(null, { status: 302, headers: { location } });
    });
    const { status, urls } = await site.ask({ path: 'a' });
    expect([status, urls.map(({ pathname }) => pathname)]).toEqual([200, ['/a', '/b']]);
    expect(await site.ask({ path: 'circle' })).toMatchObject({ status: 0, failure: { code: 'response-invalid' } });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => site.ask({ path: `other/${index}` })));
    expect(answers.some(({ failure }) => failure?.message.startsWith('Stopped asking'))).toBe(true);
    expect(site.countRequests()).toBe(48);
  });
});
