import { expect, it } from 'vitest';
import { createGate } from './gate.ts';

it('lets in so many at once, in their order, and the next when one has failed', async () => {
  const gate = createGate(2);
  const log: string[] = [];
  const doors = new Map<string, PromiseWithResolvers<void>>();
  const run = (name: string): Promise<void> => {
    const door = Promise.withResolvers<void>();
    doors.set(name, door);
    return gate.run(() => {
      log.push(name);
      return door.promise;
    });
  };
  const runs = ['a', 'b', 'c', 'd'].map(run);
  const failure = expect(runs[0]).rejects.toThrow('no');
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(['a', 'b']);
  doors.get('a')?.reject(new Error('no'));
  await failure;
  expect(log).toEqual(['a', 'b', 'c']);
  for (const door of doors.values()) door.resolve();
  await Promise.all(runs.slice(1));
  expect(log).toEqual(['a', 'b', 'c', 'd']);
});

it('lets go of who stops waiting, and keeps no place for them', async () => {
  const gate = createGate(1);
  const door = Promise.withResolvers<void>();
  const inside = gate.run(() => door.promise);
  const stop = new AbortController();
  const waiting = gate.run(async () => 'never', stop.signal);
  const last = gate.run(async () => 'last');
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
  door.resolve();
  await inside;
  expect(await last).toBe('last');
});
