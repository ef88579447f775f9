import { describe, expect, it } from 'vitest';
import { forEachConcurrently, mapConcurrently } from './concurrency.ts';

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('forEachConcurrently', () => {
  it('never runs more than its limit at once, and runs everything', async () => {
    let running = 0;
    let most = 0;
    const seen: number[] = [];
    await forEachConcurrently(
      Array.from({ length: 20 }, (_, index) => index),
      3,
      async (item) => {
        running += 1;
        most = Math.max(most, running);
        await turn();
        running -= 1;
        seen.push(item);
      },
    );
    expect(most).toBe(3);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it('throws the first failure after all that began has ended, having aborted it', async () => {
    let ended = 0;
    const run = forEachConcurrently([1, 2, 3, 4, 5], 3, async (item, signal) => {
      await turn();
      if (item === 2) throw new Error('two');
      await turn();
      if (signal.aborted) ended += 1;
    });
    await expect(run).rejects.toThrow('two');
    expect(ended).toBe(2);
  });

  it('begins nothing after a failure', async () => {
    const begun: number[] = [];
    const run = forEachConcurrently([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      await Promise.reject(new Error('one'));
    });
    await expect(run).rejects.toThrow('one');
    expect(begun).toEqual([1]);
  });

  it('waits for what runs when its items fail', async () => {
    let ended = false;
    async function* items(): AsyncGenerator<number> {
      yield 1;
      await turn();
      throw new Error('no more');
    }
    const run = forEachConcurrently(items(), 2, async () => {
      await turn();
      await turn();
      await turn();
      ended = true;
    });
    await expect(run).rejects.toThrow('no more');
    expect(ended).toBe(true);
  });

  it('stops with code aborted when the signal aborts', async () => {
    const stop = new AbortController();
    const run = forEachConcurrently([1, 2, 3], 1, async () => stop.abort(), stop.signal);
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
  });

  it('maps in the order of the items, whatever ends first', async () => {
    const doubled = await mapConcurrently([3, 1, 2], 3, async (item) => {
      for (let wait = 0; wait < item; wait += 1) await turn();
      return item * 2;
    });
    expect(doubled).toEqual([6, 2, 4]);
  });
});
