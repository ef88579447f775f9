import { expect, test } from 'vitest';
import { compare, createRandom, shuffle, summarize } from './statistics.ts';

test('the median of an even number of values lies between the two in the middle', () => {
  expect(summarize([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
});

test('no values have no median', () => {
  expect(() => summarize([])).toThrow('of 0');
});

test('times that never overlap and lie far apart are told apart', () => {
  expect(compare([1, 1.1, 0.9, 1, 1], [3, 3.1, 2.9, 3, 3])).toMatchObject({ ratio: 3, verdict: 'faster' });
  expect(compare([3, 3.1, 2.9, 3, 3], [1, 1.1, 0.9, 1, 1])).toMatchObject({ verdict: 'slower' });
});

test('less than 15 % is a tie, however steady the times are', () => {
  expect(compare([1, 1, 1, 1, 1], [1.14, 1.14, 1.14, 1.14, 1.14]).verdict).toBe('within noise');
  expect(compare([1, 1, 1, 1, 1], [0.88, 0.88, 0.88, 0.88, 0.88]).verdict).toBe('within noise');
});

test('times that scatter more than they differ are a tie', () => {
  const { ratio, verdict } = compare([1, 5, 1.2, 4, 2], [1.1, 6, 2.5, 5, 1]);
  expect(ratio).toBeGreaterThan(1.15);
  expect(verdict).toBe('within noise');
});

test('two runs are too few to tell anything apart', () => {
  expect(compare([1, 1], [9, 9, 9])).toMatchObject({ ratio: 9, verdict: 'too few runs' });
});

test('a comparison made again says the same', () => {
  const own = [1, 2, 3, 4, 5];
  const other = [2, 3, 4, 5, 9];
  expect(compare(own, other)).toEqual(compare(own, other));
});

test('shuffling keeps every value and changes their order', () => {
  const values = Array.from({ length: 50 }, (_, index) => index);
  const shuffled = shuffle(values, createRandom(7));
  expect(shuffled).not.toEqual(values);
  expect([...shuffled].sort((a, b) => a - b)).toEqual(values);
});
