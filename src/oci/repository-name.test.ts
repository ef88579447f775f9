import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { isRepositoryName, isTag, parseRepositoryName, parseTag } from './repository-name.ts';

describe('parseRepositoryName', () => {
  test.each(['a', 'team/app', 'a/b/c/d', 'a.b', 'a_b', 'a__b', 'a---b', '0', 'a'.repeat(200)])('takes %j', (name) => {
    expect(parseRepositoryName(name)).toBe(name);
  });

  test.each(['', '/', 'a/', '/a', 'a//b', 'A', 'a___b', 'a..b', '.a', 'a-', '../a', 'a/../b', 'a b', 'ä', 'a\n', 'a'.repeat(201)])(
    'refuses %j',
    (name) => {
      expect(codeOf(() => parseRepositoryName(name))).toBe('name-invalid');
    },
  );

  test('agrees with isRepositoryName on any text, and throws nothing but coded errors', () => {
    const near = fc.array(fc.constantFrom('a', '0', '.', '_', '-', '/', 'A'), { maxLength: 12 }).map((letters) => letters.join(''));
    fc.assert(
      fc.property(fc.oneof(near, fc.string()), (text) => {
        expect('value' in parseOrCode(() => parseRepositoryName(text))).toBe(isRepositoryName(text));
      }),
    );
  });
});

describe('parseTag', () => {
  test.each(['latest', '1.0', '_x', 'A-b_c.d', 'x'.repeat(128)])('takes %j', (tag) => {
    expect(parseTag(tag)).toBe(tag);
  });

  test.each(['', '.a', '-a', 'a/b', 'a:b', 'ä', 'a\n', 'x'.repeat(129)])('refuses %j', (tag) => {
    expect(codeOf(() => parseTag(tag))).toBe('tag-invalid');
  });

  test('agrees with isTag on any text, and throws nothing but coded errors', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect('value' in parseOrCode(() => parseTag(text))).toBe(isTag(text));
      }),
    );
  });
});
