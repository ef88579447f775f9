import { expect, test } from 'vitest';
import { createSimulatedTime } from '../../test/time/simulated-time.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { createConnectionController } from './connection-controller.ts';
import { createRateLimit } from './rate-limit.ts';

const MIB = 2 ** 20;
const throttled = new BucketError('throttled', 'Cannot write: slow down');

test('a near store is given four bodies at once, however many wait', async () => {
  const time = createSimulatedTime();
  const connections = createConnectionController({ clock: time });
  connections.watch.onAnswer(1);
  let [running, most] = [0, 0];
  await time.run(() =>
    Promise.all(
      Array.from({ length: 40 }, () =>
        connections.run(async () => {
          most = Math.max(most, ++running);
          await time.sleep(10);
          running -= 1;
        }),
      ),
    ),
  );
  expect(most).toBe(4);
});

test('work that fails because the store is busy halves what is used, other failures do not', async () => {
  const time = createSimulatedTime();
  const connections = createConnectionController({ clock: time });
  connections.watch.onAnswer(50);
  await expect(connections.run(() => Promise.reject(new BucketError('access-denied', 'No')))).rejects.toMatchObject({
    code: 'access-denied',
  });
  expect(connections.limit).toBe(32);
  await expect(connections.run(() => Promise.reject(throttled))).rejects.toBe(throttled);
  expect(connections.limit).toBe(16);
});

test('what is tried again behind the work counts as well', async () => {
  const time = createSimulatedTime();
  const connections = createConnectionController({ clock: time });
  connections.watch.onAnswer(50);
  await connections.run(async () => connections.watch.onFailure(throttled, time.now()));
  expect(connections.limit).toBe(16);
});

test('more connections are used as soon as the controller allows more, not only when one is freed', async () => {
  const time = createSimulatedTime();
  const connections = createConnectionController({ clock: time });
  connections.watch.onAnswer(1);
  let [running, most] = [0, 0];
  // Each connection brings one MiB a second: more of them bring more.
  async function* crawl(): AsyncGenerator<Uint8Array> {
    for (let second = 0; second < 300; second += 1) {
      await time.sleep(100);
      yield new Uint8Array(MIB / 10);
    }
  }
  const work = (): Promise<void> =>
    connections.run(async (carry) => {
      most = Math.max(most, ++running);
      for await (const _ of carry(crawl()));
      running -= 1;
    });
  await time.run(() => Promise.all(Array.from({ length: 12 }, work)));
  expect(most).toBe(12);
  expect(time.now()).toBeLessThan(60_000);
});

test('all bodies together keep to the rate that the user allows, and arrive whole', async () => {
  const time = createSimulatedTime();
  const connections = createConnectionController({ clock: time, rate: createRateLimit(MIB, time) });
  const bytes = Uint8Array.from({ length: MIB }, (_, index) => index % 251);
  const bodies = await time.run(() =>
    Promise.all(
      [1, 2, 3, 4].map(() => connections.run(async (carry) => Buffer.from(await readAll(carry(bytesSource(bytes).open()), MIB, 'a body')))),
    ),
  );
  expect(bodies.every((body) => body.equals(bytes))).toBe(true);
  expect(time.now()).toBeGreaterThan(3990);
  expect(time.now()).toBeLessThan(4010);
});

test('a wait for the rate ends with the abort', async () => {
  const time = createSimulatedTime();
  const rate = createRateLimit(1, time);
  const abort = new AbortController();
  const taken = rate.take(1000, abort.signal);
  abort.abort();
  await expect(taken).rejects.toMatchObject({ code: 'aborted' });
});
