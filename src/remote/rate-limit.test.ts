import { expect, it } from 'vitest';
import { formatRateLimit, isLow, readRateLimit } from './rate-limit.ts';

it('is read as Docker Hub tells it', () => {
  const limit = readRateLimit({ 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' });
  expect(limit).toEqual({ limit: 100, remaining: 76, windowSeconds: 21_600 });
  expect(limit && formatRateLimit(limit)).toBe('76 of 100 requests are left in 6 hours');
});

it('is read without a window', () => {
  const limit = readRateLimit({ 'ratelimit-limit': '10', 'ratelimit-remaining': '0' });
  expect(limit && formatRateLimit(limit)).toBe('0 of 10 requests are left');
});

it.each([{}, { 'ratelimit-limit': '100;w=21600' }, { 'ratelimit-limit': 'many', 'ratelimit-remaining': 'few' }])(
  'is nothing in %j',
  (headers) => {
    expect(readRateLimit(headers)).toBeUndefined();
  },
);

it('is low at a tenth, or at a handful', () => {
  const low = (remaining: number, limit: number): boolean => isLow({ limit, remaining, windowSeconds: undefined });
  expect([low(11, 100), low(10, 100), low(6, 10), low(5, 10)]).toEqual([false, true, false, true]);
});

it('names windows as people do', () => {
  const format = (windowSeconds: number): string => formatRateLimit({ limit: 2, remaining: 1, windowSeconds });
  expect([3600, 60, 120, 90].map(format).map((text) => text.slice(text.indexOf(' in ')))).toEqual([
    ' in 1 hour',
    ' in 1 minute',
    ' in 2 minutes',
    ' in 90 seconds',
  ]);
});
