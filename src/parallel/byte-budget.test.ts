import { expect, test } from 'vitest';
import { createByteBudget } from './byte-budget.ts';

/** Lets everything that can go on go on. */
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a sender waits until enough bytes were given back', async () => {
  const budget = createByteBudget(100);
  const [first, second] = [await budget.acquire(50), await budget.acquire(50)];
  let isAdmitted = false;
  const third = budget.acquire(40).then(() => void (isAdmitted = true));
  await idle();
  expect(isAdmitted).toBe(false);
  first.release();
  await third;
  expect(budget.heldBytes).toBe(90);
  second.release();
  expect(budget.heldBytes).toBe(40);
});

test('giving back twice gives back once', async () => {
  const budget = createByteBudget(100);
  const lease = await budget.acquire(30);
  await budget.acquire(30);
  lease.release();
  lease.release();
  expect(budget.heldBytes).toBe(30);
});

test('a large request is not passed for ever by small ones', async () => {
  const budget = createByteBudget(100);
  const first = await budget.acquire(50);
  const second = await budget.acquire(30);
  const order: string[] = [];
  const large = budget.acquire(50).then((lease) => (order.push('large'), lease));
  const small = budget.acquire(10).then((lease) => (order.push('small'), lease));
  await idle();
  expect(order).toEqual([]);
  second.release();
  first.release();
  await Promise.all([large, small]);
  expect(order).toEqual(['large', 'small']);
});

test('a part larger than the whole budget is let in beside at most half of it', async () => {
  const budget = createByteBudget(100);
  const lease = await budget.acquire(1000);
  expect(budget.heldBytes).toBe(50);
  lease.release();
  expect(budget.heldBytes).toBe(0);
});

test('looking ahead leaves half of the budget to the senders, and never passes one that waits', async () => {
  const budget = createByteBudget(100);
  const ahead = budget.tryAcquire(50);
  expect(budget.tryAcquire(1)).toBeUndefined();
  const sender = await budget.acquire(50);
  const waiting = budget.acquire(50);
  ahead?.release();
  await waiting;
  expect(budget.tryAcquire(1)).toBeUndefined();
  sender.release();
  (await waiting).release();
  expect(budget.tryAcquire(50)).toBeDefined();
});

test('an aborted wait takes nothing and lets the next one in', async () => {
  const budget = createByteBudget(100);
  const held = await budget.acquire(50);
  await budget.acquire(30);
  const abort = new AbortController();
  const large = budget.acquire(50, abort.signal);
  const small = budget.acquire(10);
  abort.abort();
  await expect(large).rejects.toMatchObject({ code: 'aborted' });
  await small;
  expect(budget.heldBytes).toBe(90);
  held.release();
});
