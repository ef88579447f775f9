import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTerms, wrap } from './wrap.ts';

const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1, maxLength: 40 });

describe('wrap', () => {
  it('keeps every word, in order, within the width', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 12, max: 60 }), (list, width) => {
        const lines = wrap(list.join(' '), width);
        expect(lines.join(' ')).toBe(list.join(' '));
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });

  it('lets a word that is too long stand alone', () => {
    expect(wrap('a verylongword b', 5)).toEqual(['a', 'verylongword', 'b']);
  });
});

describe('formatTerms', () => {
  it('lays texts out beside their terms, and below a term that is too long', () => {
    expect(
      formatTerms(
        [
          ['a', 'one two three'],
          ['a-term-that-is-much-longer-than-that', 'four'],
        ],
        42,
      ),
    ).toBe(
      [
        '  a                           one two',
        '                              three',
        '  a-term-that-is-much-longer-than-that',
        '                              four',
      ].join('\n'),
    );
  });
});
