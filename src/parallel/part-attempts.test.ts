import { tracingChannel } from 'node:diagnostics_channel';
import { expect, it, onTestFinished } from 'vitest';
import { bytesSource } from '../streams/byte-source.ts';
import { systemClock } from '../streams/clock.ts';
import { createConnectionLimit } from './connection-limit.ts';
import { beginPart } from './part-attempts.ts';

it('tells the tracing channel of each attempt, so that a re-send can be told from the first', async () => {
  const heard: object[] = [];
  const ignore = (): void => {};
  const subscribers = {
    start: (context: object) => void heard.push({ ...context }),
    end: ignore,
    asyncStart: ignore,
    asyncEnd: ignore,
    error: ignore,
  };
  const channel = tracingChannel('bucketry:part');
  channel.subscribe(subscribers);
  onTestFinished(() => channel.unsubscribe(subscribers));

  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  let sent = 0;
  const attempts = beginPart({ partNumber: 3, start: 10, end: 14 }, bytesSource(new Uint8Array(4)), {
    send: () => answers[sent++]?.promise ?? Promise.reject(new Error('sent a third time')),
    connections: createConnectionLimit(2),
    turn: 1,
    signal: new AbortController().signal,
    resending: { clock: systemClock, isOnlyAnswer: async () => false, findLast: async (_, results) => results[0] ?? '' },
  });
  await expect.poll(() => sent).toBe(1);
  expect(attempts.resend()).toBe(true);
  await expect.poll(() => sent).toBe(2);
  for (const { resolve } of answers) resolve('etag');
  expect(await attempts.result).toBe('etag');
  expect(heard).toEqual([
    { part: 3, bytes: 4, attempt: 1 },
    { part: 3, bytes: 4, attempt: 2 },
  ]);
});
