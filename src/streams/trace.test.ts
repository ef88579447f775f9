import { tracingChannel } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { openTraceChannel } from './trace.ts';

it('makes no context while nobody listens', async () => {
  const channel = openTraceChannel('bucketry:test-silent');
  const result = await channel.run(
    () => Promise.resolve(7),
    () => {
      throw new Error('a context was made');
    },
  );
  expect([result, channel.active]).toEqual([7, false]);
});

it('tells subscribers of start, end and failure', async () => {
  const channel = openTraceChannel<{ name: string }>('bucketry:test-heard');
  const heard: unknown[] = [];
  const subscribers = {
    start: (context: object) => void heard.push({ start: { ...context } }),
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (context: object) => void heard.push({ end: { ...context } }),
    error: () => undefined,
  };
  tracingChannel('bucketry:test-heard').subscribe(subscribers);
  try {
    await channel.run(
      () => Promise.resolve(7),
      () => ({ name: 'good' }),
    );
    const failure = new Error('no');
    await expect(
      channel.run(
        () => Promise.reject(failure),
        () => ({ name: 'bad' }),
      ),
    ).rejects.toBe(failure);
    expect(heard).toEqual([
      { start: { name: 'good' } },
      { end: { name: 'good', result: 7 } },
      { start: { name: 'bad' } },
      { end: { name: 'bad', error: failure } },
    ]);
  } finally {
    tracingChannel('bucketry:test-heard').unsubscribe(subscribers);
  }
});
