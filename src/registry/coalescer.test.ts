import { expect, test } from 'vitest';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { createCoalescer } from './coalescer.ts';

const clock = createVirtualClock();

/** Work that a test lets end when it likes. */
function createWork() {
  const rounds: { readonly signal: AbortSignal; end(error?: Error): void }[] = [];
  const work = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => rounds.push({ signal, end: (error) => (error ? reject(error) : resolve()) }));
  return { rounds, work };
}

const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('those who ask at one moment share a round; those who ask while it runs share the next', async () => {
  const coalescer = createCoalescer(clock);
  const { rounds, work } = createWork();
  const first = [coalescer.run('a', work), coalescer.run('a', work)];
  await idle();
  const second = [coalescer.run('a', work), coalescer.run('a', work), coalescer.run('a', work)];
  await idle();
  expect(rounds.length).toBe(1);
  rounds[0]!.end();
  await Promise.all(first);
  await idle();
  expect(rounds.length).toBe(2);
  rounds[1]!.end();
  await Promise.all(second);
});

test('keys do not wait for each other', async () => {
  const coalescer = createCoalescer(clock);
  const { rounds, work } = createWork();
  const both = [coalescer.run('a', work), coalescer.run('b', work)];
  await idle();
  expect(rounds.length).toBe(2);
  for (const round of rounds) round.end();
  await Promise.all(both);
});

test('a round that fails fails all who share it, and none of the next', async () => {
  const coalescer = createCoalescer(clock);
  const { rounds, work } = createWork();
  const first = Promise.allSettled([coalescer.run('a', work), coalescer.run('a', work)]);
  await idle();
  const next = coalescer.run('a', work);
  rounds[0]!.end(new Error('broken'));
  expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await idle();
  rounds[1]!.end();
  await next;
});

test('one who is aborted leaves the round to the others', async () => {
  const coalescer = createCoalescer(clock);
  const { rounds, work } = createWork();
  const abort = new AbortController();
  const [leaving, staying] = [coalescer.run('a', work, abort.signal), coalescer.run('a', work)];
  await idle();
  abort.abort();
  await expect(leaving).rejects.toMatchObject({ code: 'aborted' });
  expect(rounds[0]!.signal.aborted).toBe(false);
  rounds[0]!.end();
  await staying;
});

test('with the last one the round itself is aborted, and waited for', async () => {
  const coalescer = createCoalescer(clock);
  const { rounds, work } = createWork();
  const abort = new AbortController();
  let hasEnded = false;
  const only = coalescer.run('a', work, abort.signal).catch((error: unknown) => {
    hasEnded = true;
    return error;
  });
  await idle();
  abort.abort();
  await idle();
  expect([rounds[0]!.signal.aborted, hasEnded]).toEqual([true, false]);
  const late = coalescer.run('a', work);
  rounds[0]!.end(new Error('stopped'));
  await only;
  await idle();
  expect(rounds[1]!.signal.aborted).toBe(false);
  rounds[1]!.end();
  await late;
});

test('two rounds of one key are as far apart as the store wants its writes', async () => {
  const coalescer = createCoalescer(clock, 1000);
  const times: number[] = [];
  const work = async (): Promise<void> => {
    times.push(clock.now());
    if (times.length === 1) next = coalescer.run('a', work);
  };
  let next: Promise<void> | undefined;
  await coalescer.run('a', work);
  await next;
  expect(times[1]! - times[0]!).toBe(1000);
});
