import { expect, test } from 'vitest';
import { createConnectionLimit } from './connection-limit.ts';

test('never more work runs at once than there are connections, and all of it runs', async () => {
  const limit = createConnectionLimit(3);
  let [running, most, done] = [0, 0, 0];
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 20 }, () => limit.run(work)));
  expect({ most, done }).toEqual({ most: 3, done: 20 });
});

test('work that fails frees its connection', async () => {
  const limit = createConnectionLimit(1);
  await expect(limit.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(limit.run(() => Promise.resolve('next'))).resolves.toBe('next');
});

test('an abort while waiting rejects and never begins the work', async () => {
  const limit = createConnectionLimit(1);
  const abort = new AbortController();
  let finish = (): void => {};
  const first = limit.run(() => new Promise<void>((resolve) => (finish = resolve)));
  let hasBegun = false;
  const second = limit.run(async () => void (hasBegun = true), { signal: abort.signal });
  abort.abort();
  await expect(second).rejects.toMatchObject({ code: 'aborted' });
  finish();
  await first;
  await limit.run(() => Promise.resolve());
  expect(hasBegun).toBe(false);
});

test('what belongs to the blob that began first goes first, and what has no turn before all', async () => {
  const limit = createConnectionLimit(1);
  const [first, second] = [limit.takeTurn(), limit.takeTurn()];
  const order: string[] = [];
  const begin = (name: string, turn?: number): Promise<void> => limit.run(async () => void order.push(name), { turn });
  await Promise.all([
    begin('held', second),
    begin('second 1', second),
    begin('first 1', first),
    begin('second 2', second),
    begin('small'),
    begin('first 2', first),
  ]);
  expect(order).toEqual(['held', 'small', 'first 1', 'first 2', 'second 1', 'second 2']);
});

test('a connection is free only where nobody waits for it', async () => {
  const limit = createConnectionLimit(1);
  expect(limit.hasFree).toBe(true);
  const work = limit.run(() => Promise.resolve());
  expect(limit.hasFree).toBe(false);
  await work;
  expect(limit.hasFree).toBe(true);
});
