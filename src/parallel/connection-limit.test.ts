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
  const second = limit.run(async () => void (hasBegun = true), abort.signal);
  abort.abort();
  await expect(second).rejects.toMatchObject({ code: 'aborted' });
  finish();
  await first;
  await limit.run(() => Promise.resolve());
  expect(hasBegun).toBe(false);
});
