import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startRelay } from './start-relay.ts';
import type { RecordedRequest } from './start-relay.ts';
import { kindOf, summarizeRequests } from './summarize-requests.ts';

function recorded(startMs: number, endMs: number, path = '/bucket/key', method = 'GET'): RecordedRequest {
  return { method, path, status: 200, startMs, endMs, sentBytes: 0 };
}

test('requests side by side are one step of the chain, those after each other as many as they are', () => {
  expect(summarizeRequests([recorded(0, 10), recorded(1, 9), recorded(2, 11)]).inSequence).toBe(1);
  expect(summarizeRequests([recorded(0, 10), recorded(10, 20), recorded(30, 40)]).inSequence).toBe(3);
});

test('a long request beside a chain does not break it', () => {
  expect(summarizeRequests([recorded(0, 100), recorded(0, 10), recorded(10, 20), recorded(20, 30)]).inSequence).toBe(3);
});

test.each([
  ['PUT', '/bench/v2/a/blobs/sha256%3Aab?partNumber=3&uploadId=x', 'PUT part'],
  ['POST', '/bench/v2/a/blobs/sha256%3Aab?uploads=', 'create upload'],
  ['POST', '/bench/v2/a/blobs/sha256%3Aab?uploadId=x', 'complete upload'],
  ['GET', '/bench?list-type=2&prefix=v2%2F', 'list objects'],
  ['PATCH', '/v2/a/blobs/uploads/123?_state=x', 'PATCH blobs/uploads'],
  ['HEAD', '/bench/v2/a/manifests/latest', 'HEAD manifests'],
  ['GET', '/v2/', 'GET v2/'],
])('%s %s is called "%s"', (method, path, kind) => {
  expect(kindOf({ method, path })).toBe(kind);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  response.writeHead(201, { 'x-host': request.headers.host ?? '' });
  response.end(`${request.method} ${request.url} ${body}`);
}

test('a relay passes on bodies and headers both ways and keeps a list', async () => {
  const server = createServer();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay = await startRelay((server.address() as AddressInfo).port);
  try {
    const response = await fetch(`http://127.0.0.1:${relay.port}/a?b=c`, { method: 'PUT', body: 'moo' });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-host')).toBe(`127.0.0.1:${relay.port}`);
    expect(await response.text()).toBe('PUT /a?b=c moo');
    expect(relay.takeRequests()).toMatchObject([{ method: 'PUT', path: '/a?b=c', status: 201, sentBytes: 3 }]);
    expect(relay.takeRequests()).toEqual([]);
  } finally {
    await relay.close();
    server.closeAllConnections();
    server.close();
  }
});
