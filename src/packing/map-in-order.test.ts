import { expect, test } from 'vitest';
import { mapInOrder } from './map-in-order.ts';

async function* count(to: number, onRead: (n: number) => void = () => undefined): AsyncGenerator<number> {
  for (let n = 0; n < to; n += 1) {
    onRead(n);
    yield n;
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('results come in the order of the items, whichever work ends first', async () => {
  const results: number[] = [];
  const work = async (n: number): Promise<number> => {
    for (let ticks = (n * 7) % 5; ticks > 0; ticks -= 1) await tick();
    return n;
  };
  for await (const result of mapInOrder(count(20), 4, work)) results.push(result);
  expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n));
});

test('no more items than the limit are read ahead of the consumer', async () => {
  let read = 0;
  let taken = 0;
  for await (const _ of mapInOrder(
    count(20, () => (read += 1)),
    4,
    async () => tick(),
  )) {
    expect(read - taken).toBeLessThanOrEqual(4);
    taken += 1;
  }
  expect(taken).toBe(20);
});

test('work goes on side by side', async () => {
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, (running += 1));
    await tick();
    running -= 1;
  };
  for await (const _ of mapInOrder(count(20), 3, work));
  expect(most).toBe(3);
});

test.each(['work', 'items'] as const)('a failure of the %s is thrown after all that began has ended', async (failing) => {
  let running = 0;
  const items = count(20, (n) => {
    if (failing === 'items' && n === 5) throw new Error('broken');
  });
  const work = async (n: number): Promise<number> => {
    running += 1;
    await tick();
    running -= 1;
    if (failing === 'work' && n === 5) throw new Error('broken');
    return n;
  };
  const results: number[] = [];
  await expect(
    (async () => {
      for await (const result of mapInOrder(items, 4, work)) results.push(result);
    })(),
  ).rejects.toThrow('broken');
  expect(running).toBe(0);
  expect(results).toEqual([0, 1, 2, 3, 4].slice(0, results.length));
});

test('a consumer that leaves early ends the reading and waits for what began', async () => {
  let running = 0;
  let isReleased = false;
  async function* items(): AsyncGenerator<number> {
    try {
      yield* count(20);
    } finally {
      isReleased = true;
    }
  }
  const work = async (): Promise<void> => {
    running += 1;
    await tick();
    running -= 1;
  };
  for await (const _ of mapInOrder(items(), 4, work)) break;
  expect({ running, isReleased }).toEqual({ running: 0, isReleased: true });
});
