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

/** Hears one channel while something is done. */
async function hear(name: string, work: () => Promise<void>): Promise<unknown[]> {
  const heard: unknown[] = [];
  const subscribers = {
    start: (context: object) => void heard.push({ start: { ...context } }),
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (context: object) => void heard.push({ end: { ...context } }),
    error: () => undefined,
  };
  tracingChannel(name).subscribe(subscribers);
  try {
    await work();
  } finally {
    tracingChannel(name).unsubscribe(subscribers);
  }
  return heard;
}

async function* count(context: { items: number } | undefined): AsyncGenerator<number> {
  for (let item = 1; item <= 3; item += 1) {
    if (context) context.items += 1;
    yield item;
  }
}

it('gives the work its context, to add what shows on the way', async () => {
  const channel = openTraceChannel<{ status?: number }>('bucketry:test-added');
  const work = async (context: { status?: number } | undefined): Promise<boolean> => {
    if (context) context.status = 200;
    return context !== undefined;
  };
  expect(await channel.run(work, () => ({}))).toBe(false);
  const heard = await hear('bucketry:test-added', async () => void (await channel.run(work, () => ({}))));
  expect(heard).toEqual([{ start: {} }, { end: { status: 200, result: true } }]);
});

it('tells of what is read when it is begun, and when it was read or left', async () => {
  const channel = openTraceChannel<{ items: number }>('bucketry:test-read');
  const read = (): AsyncIterable<number> => channel.iterate(count, () => ({ items: 0 }));
  const heard = await hear('bucketry:test-read', async () => {
    read();
    for await (const _ of read());
    for await (const _ of read()) break;
  });
  expect(heard).toEqual([
    { start: { items: 0 } },
    { end: { items: 3, result: undefined } },
    { start: { items: 0 } },
    { end: { items: 1, result: undefined } },
  ]);
});

it('puts nothing around what is read while nobody listens', () => {
  const channel = openTraceChannel<{ items: number }>('bucketry:test-bare');
  const items = count(undefined);
  expect(
    channel.iterate(
      () => items,
      () => ({ items: 0 }),
    ),
  ).toBe(items);
});
