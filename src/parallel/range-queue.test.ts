import { expect, test } from 'vitest';
import type { Clock } from '../streams/clock.ts';
import { planParts } from './part-plan.ts';
import { RangeQueue, type RangeUnderWay } from './range-queue.ts';

const mebibyte = 2 ** 20;

/** Time that passes when it is told to. */
function createTestClock(): Clock & { nowMs: number } {
  const clock = { nowMs: 0, now: () => clock.nowMs, random: () => 0.5, sleep: async () => {} };
  return clock;
}

/** Begins ranges of 4 MiB, as many as there are rates (MiB a second), and lets a second pass. */
async function begin(
  rates: readonly number[],
  { mayHelp = true } = {},
): Promise<{
  clock: ReturnType<typeof createTestClock>;
  queue: RangeQueue;
  taken: AsyncGenerator<RangeUnderWay>;
  ranges: RangeUnderWay[];
}> {
  const clock = createTestClock();
  const queue = new RangeQueue(planParts(rates.length * 4 * mebibyte, 4 * mebibyte), clock, () => mayHelp);
  const taken = queue.take();
  const ranges: RangeUnderWay[] = [];
  for (const rate of rates) {
    const { value: range } = await taken.next();
    if (range === undefined) throw new Error('There are too few ranges');
    range.beganAtMs = 0;
    range.position += rate * mebibyte;
    ranges.push(range);
  }
  clock.nowMs = 1000;
  return { clock, queue, taken, ranges };
}

test('ranges come in order, and the end when all have ended', async () => {
  const { queue, taken, ranges } = await begin([4, 4, 4]);
  expect(ranges.map(({ start, end }) => [start / mebibyte, end / mebibyte])).toEqual([
    [0, 4],
    [4, 8],
    [8, 12],
  ]);
  for (const range of ranges) queue.end(range);
  expect(await taken.next()).toEqual({ done: true, value: undefined });
});

test('who has ended takes over so much of the latest range that both end at one time', async () => {
  const { queue, taken, ranges } = await begin([4, 1, 2]);
  queue.end(ranges[0]!);
  // Of the 3 MiB left at 1 MiB a second a fifth stays where it is, beside a helper of 4
  const cut = Math.ceil(5.6 * mebibyte);
  expect((await taken.next()).value).toMatchObject({ start: cut, end: 8 * mebibyte, position: cut });
  expect(ranges[1]!.end).toBe(cut);
});

test('each who has ended helps the one that is then the latest', async () => {
  const { queue, taken, ranges } = await begin([4, 4, 1, 2]);
  queue.end(ranges[0]!);
  queue.end(ranges[1]!);
  const starts = [(await taken.next()).value?.start, (await taken.next()).value?.start];
  expect(starts).toEqual([Math.ceil(9.6 * mebibyte), Math.ceil((14 + 2 / 3) * mebibyte)]);
});

test.each([
  ['no connection is free', [4, 1], { mayHelp: false }, 1000],
  ['the latest has run too short to tell', [4, 1], {}, 200],
  ['the latest will soon have ended', [4, 3.5], {}, 1000],
])('nobody helps where %s', async (_why, rates, options, nowMs) => {
  const { clock, queue, taken, ranges } = await begin(rates, options);
  clock.nowMs = nowMs;
  queue.end(ranges[0]!);
  const next = taken.next();
  await Promise.resolve();
  queue.end(ranges[1]!);
  expect(await next).toEqual({ done: true, value: undefined });
  expect(ranges[1]!.end).toBe(8 * mebibyte);
});

test('a range that has given nothing at all loses nearly everything', async () => {
  const { queue, taken, ranges } = await begin([4, 0]);
  queue.end(ranges[0]!);
  expect((await taken.next()).value?.start).toBeLessThan(4 * mebibyte + 1000);
});
