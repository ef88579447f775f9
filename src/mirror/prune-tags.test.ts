import { expect, it } from 'vitest';
import { parseTag, type Tag } from '../oci/repository-name.ts';
import { mostPruned, parsePruneBound } from './prune-bound.ts';
import { findGoneTags } from './prune-tags.ts';
import { createTagSelector } from './select-tags.ts';

const tags = (...names: readonly string[]): Tag[] => names.map((name) => parseTag(name));
const selector = createTagSelector({ tags: ['v*'] });
const context = { selector, offered: ['v2'], there: tags('v1', 'v2', 'mine'), bound: { count: 1 }, location: 's3://b/app' };

it('tags are gone that the source has no more, but for those that the selection never meant', () => {
  expect(findGoneTags(context)).toEqual(['v1']);
});

it('more than the bound are refused, by name', () => {
  const there = tags('v1', 'v2', 'v3');
  expect(() => findGoneTags({ ...context, there })).toThrow(/2 of 3 tags are gone at the source \(v1, v3\), at most 1/);
});

it('a source without any tag prunes nothing', () => {
  expect(() => findGoneTags({ ...context, offered: [], bound: { count: 100 } })).toThrow(
    expect.objectContaining({ code: 'prune-refused' }),
  );
});

it('a bound is a number or a share, which lets at least one go', () => {
  expect(mostPruned(parsePruneBound('20'), 5)).toBe(20);
  expect(mostPruned(parsePruneBound('10%'), 500)).toBe(50);
  expect(mostPruned(parsePruneBound('10%'), 3)).toBe(1);
  expect(mostPruned(parsePruneBound('0%'), 3)).toBe(0);
  for (const text of ['', '-1', '101%', '1.5', 'all']) {
    expect(() => parsePruneBound(text)).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
  }
});
