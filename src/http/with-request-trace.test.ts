import { tracingChannel } from 'node:diagnostics_channel';
import { expect, it, onTestFinished } from 'vitest';
import { BucketError } from '../errors/bucket-error.ts';
import { bytesSource } from '../streams/byte-source.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';
import { withRequestTrace } from './with-request-trace.ts';

function listen(): object[] {
  const heard: object[] = [];
  const subscribers = {
    start: () => {},
    end: () => {},
    asyncStart: () => {},
    error: () => {},
    asyncEnd: (context: object) => void heard.push({ ...context }),
  };
  const channel = tracingChannel('bucketry:request');
  channel.subscribe(subscribers);
  onTestFinished(() => channel.unsubscribe(subscribers));
  return heard;
}

const answering = (send: () => Promise<HttpResponse>): HttpClient => withRequestTrace({ send, close: async () => {} });
const url = new URL('https://user:pass@store.example/bucket/a%20b?partNumber=7&uploadId=u&X-Amz-Signature=secret#f');

it('tells of what was asked and answered, and nothing of a signed query', async () => {
  const heard = listen();
  const response: HttpResponse = {
    status: 200,
    headers: { 'x-amz-request-id': 'ABC', 'x-request-id': 'other' },
    body: bytesSource(new Uint8Array()).open(),
  };
  const client = answering(async () => response);
  expect(await client.send({ method: 'PUT', url, body: bytesSource(new Uint8Array(5)) })).toBe(response);
  expect(heard).toEqual([
    { method: 'PUT', url: 'https://store.example/bucket/a%20b', part: 7, bytes: 5, status: 200, requestId: 'ABC', result: response },
  ]);
});

it('tells of a request without an answer', async () => {
  const heard = listen();
  const failure = new BucketError('connection-failed', 'Cannot send');
  const client = answering(() => Promise.reject(failure));
  await expect(client.send({ method: 'GET', url })).rejects.toBe(failure);
  expect(heard).toEqual([{ method: 'GET', url: 'https://store.example/bucket/a%20b', part: 7, bytes: 0, error: failure }]);
});
