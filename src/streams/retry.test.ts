import { expect, it } from 'vitest';
import { BucketError } from '../errors/bucket-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { Clock } from './clock.ts';
import { retry, type RetryPolicy } from './retry.ts';

const policy: RetryPolicy = { attempts: 4, baseDelayMs: 100, maxDelayMs: 250, isRetryable: () => true };

it('waits up to twice as long each time, up to the bound, and throws the last failure', async () => {
  const { clock, waits } = recordingClock(0.999_999);
  let tries = 0;
  await expect(retry(() => Promise.reject(new Error(`try ${++tries}`)), policy, clock)).rejects.toThrow('try 4');
  expect(waits.map(Math.round)).toEqual([100, 200, 250]);
});

it('waits a random part of the bound', async () => {
  const { clock, waits } = recordingClock(0.25);
  await expect(retry(() => Promise.reject(new Error('no')), policy, clock)).rejects.toThrow('no');
  expect(waits).toEqual([25, 50, 62.5]);
});

it('gives the number of the try and returns the first success', async () => {
  const { clock, waits } = recordingClock(0);
  const result = await retry((attempt) => (attempt < 3 ? Promise.reject(new Error('no')) : Promise.resolve(attempt)), policy, clock);
  expect(result).toBe(3);
  expect(waits).toHaveLength(2);
});

it('waits as long as the other end asked for', async () => {
  const { clock, waits } = recordingClock(0.5);
  const slowDown = new BucketError('throttled', 'slow down', { retryAfterMs: 5000 });
  await expect(retry(() => Promise.reject(slowDown), policy, clock)).rejects.toBe(slowDown);
  expect(waits).toEqual([5000, 5000, 5000]);
});

it('does not wait for an hour', async () => {
  const { clock, waits } = recordingClock(0.5);
  const later = new BucketError('throttled', 'come back later', { retryAfterMs: 3_600_000 });
  await expect(retry(() => Promise.reject(later), policy, clock)).rejects.toBe(later);
  expect(waits).toEqual([]);
});

it('does not try again what no try mends', async () => {
  const { clock, waits } = recordingClock(0.5);
  await expect(retry(() => Promise.reject(new Error('no')), { ...policy, isRetryable: () => false }, clock)).rejects.toThrow('no');
  expect(waits).toEqual([]);
});

it('stops waiting when the signal aborts', async () => {
  const controller = new AbortController();
  const clock: Clock = { ...recordingClock(0).clock, sleep: () => Promise.reject(new RegistryError('aborted', 'stopped')) };
  await expect(retry(() => Promise.reject(new Error('no')), policy, clock, controller.signal)).rejects.toMatchObject({ code: 'aborted' });
});

function recordingClock(random: number): { clock: Clock; waits: number[] } {
  const waits: number[] = [];
  const sleep = (durationMs: number): Promise<void> => {
    waits.push(durationMs);
    return Promise.resolve();
  };
  return { waits, clock: { now: () => 0, random: () => random, sleep } };
}
