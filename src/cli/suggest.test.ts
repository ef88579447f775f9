import { describe, expect, it } from 'vitest';
import { suggest } from './suggest.ts';

const words = ['push', 'pull', 'tags', 'tag', 'inspect', 'rm'];

describe('suggest', () => {
  it.each([
    ['psuh', 'push'],
    ['pul', 'pull'],
    ['inspct', 'inspect'],
    ['ins', 'inspect'],
    ['tagz', 'tags'],
  ])('takes %j for %j', (typed, meant) => expect(suggest(typed, words)).toBe(meant));

  it.each(['', 'x', 'deploy', 'zz'])('suggests nothing for %j', (typed) => expect(suggest(typed, words)).toBeUndefined());
});
