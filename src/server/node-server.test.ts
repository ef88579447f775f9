import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type FetchHandler, type RunningServer, serveFetch, type ServeOptions } from './node-server.node.ts';

let server: RunningServer | undefined;
afterEach(() => server?.close());

async function serve(handler: FetchHandler, options: Partial<ServeOptions> = {}): Promise<string> {
  server = await serveFetch(handler, { host: '127.0.0.1', port: 0, ...options });
  return server.url;
}

it('passes method, path, headers and body on, and the answer back', async () => {
  const url = await serve(async (incoming) => {
    const body = await incoming.text();
    return new Response(`${incoming.method} ${new URL(incoming.url).pathname} ${incoming.headers.get('x-name')} ${body}`, {
      status: 201,
      headers: { 'x-answer': 'yes' },
    });
  });
  const response = await fetch(`${url}/some/path?q=1`, { method: 'POST', headers: { 'x-name': 'value' }, body: 'body' });
  expect([response.status, response.headers.get('x-answer'), await response.text()]).toEqual([201, 'yes', 'POST /some/path value body']);
});

it.each(['TRACE / HTTP/1.1', 'CONNECT other:443 HTTP/1.1'])('does not allow "%s"', async (line) => {
  const url = await serve(() => Promise.resolve(new Response('answered')));
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(`${line}\r\nhost: other\r\n\r\n`);
  const answer = Buffer.concat(await Array.fromAsync(socket)).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 405 [^]*\r\nallow: GET, HEAD\r\n/i);
  expect(answer).not.toContain('answered');
});

it('answers HEAD with the length of a body that is not there', async () => {
  const url = await serve(() => Promise.resolve(new Response(null, { headers: { 'content-length': '12345' } })));
  const response = await fetch(url, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '12345']);
});

it('streams: the beginning arrives before the end is made', async () => {
  const rest = Promise.withResolvers<undefined>();
  const url = await serve(() =>
    Promise.resolve(
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode('first'));
            await rest.promise;
            controller.close();
          },
        }),
      ),
    ),
  );
  const reader = (await fetch(url)).body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('first');
  rest.resolve(undefined);
  expect((await reader.read()).done).toBe(true);
});

it('makes no more of a body than the client takes, and aborts when it hangs up', async () => {
  let made = 0;
  const aborted = Promise.withResolvers<undefined>();
  const cancelled = Promise.withResolvers<undefined>();
  const url = await serve((incoming) => {
    incoming.signal.addEventListener('abort', () => aborted.resolve(undefined));
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        made += 1;
        controller.enqueue(new Uint8Array(1_000_000));
      },
      cancel: () => cancelled.resolve(undefined),
    });
    return Promise.resolve(new Response(body));
  });
  const client = request(url);
  client.on('error', () => undefined);
  client.end();
  const [incoming] = (await once(client, 'response')) as [NodeJS.ReadableStream & { destroy(): void }];
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(made).toBeLessThan(100);
  incoming.destroy();
  await Promise.all([aborted.promise, cancelled.promise]);
});

it('answers 500 when the handler fails, and tells of it', async () => {
  const failures: unknown[] = [];
  const failure = new Error('no');
  const url = await serve(() => Promise.reject(failure), { onFailure: (error) => failures.push(error) });
  expect((await fetch(url)).status).toBe(500);
  expect(failures).toEqual([failure]);
});

it('breaks the connection when a body fails', async () => {
  const failures: unknown[] = [];
  const body = (): ReadableStream =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.error(new Error('broken'));
      },
    });
  const url = await serve(() => Promise.resolve(new Response(body(), { headers: { 'content-length': '100' } })), {
    onFailure: (error) => failures.push(error),
  });
  await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  expect(failures).toHaveLength(1);
});

it.each(['GET //evil.example/x HTTP/1.1\r\nHost: here', 'GET / HTTP/1.1\r\nHost: a b'])('survives %j', async (head) => {
  const paths: string[] = [];
  const url = await serve((incoming) => {
    paths.push(new URL(incoming.url).host);
    return Promise.resolve(new Response('ok'));
  });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end(`${head}\r\nConnection: close\r\n\r\n`);
  const [data] = (await once(socket, 'data')) as [Buffer];
  expect(data.toString()).toMatch(/^HTTP\/1\.1 (200|400)/);
  expect(paths.filter((host) => host !== 'here')).toEqual([]);
});

it('says that an address is taken', async () => {
  const url = await serve(() => Promise.resolve(new Response()));
  const again = serveFetch(() => Promise.resolve(new Response()), { host: '127.0.0.1', port: Number(new URL(url).port) });
  await expect(again).rejects.toMatchObject({ code: 'usage-invalid' });
});
