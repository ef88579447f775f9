import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { normalizeEntryName, resolveLinkName } from './entry-name.ts';

describe('normalizeEntryName', () => {
  test.each([
    ['a/b', 'a/b'],
    ['./a//b/', 'a/b'],
    ['./', ''],
    ['a/./b', 'a/b'],
    ['..a/b..', '..a/b..'],
  ])('reads %j as %j', (name, wanted) => {
    expect(normalizeEntryName(name)).toBe(wanted);
  });

  test.each(['/etc/passwd', '../a', 'a/../b', 'a/..', '..', 'C:\\a', 'c:a', 'a\\b', 'a\0b'])('refuses %j', (name) => {
    expect(codeOf(() => normalizeEntryName(name))).toBe('archive-invalid');
  });
});

describe('resolveLinkName', () => {
  test.each([
    ['b/layer.tar', '../a/layer.tar', 'a/layer.tar'],
    ['b/layer.tar', 'x.tar', 'b/x.tar'],
    ['x', './y', 'y'],
  ])('of %j to %j is %j', (name, target, wanted) => {
    expect(resolveLinkName(name, target)).toBe(wanted);
  });

  test.each([
    ['b/layer.tar', '/etc/passwd'],
    ['b/layer.tar', '../../etc/passwd'],
    ['x', '..'],
  ])('of %j to %j is refused', (name, target) => {
    expect(codeOf(() => resolveLinkName(name, target))).toBe('archive-invalid');
  });

  test('never leads out of the archive', () => {
    const path = fc.array(fc.constantFrom('..', '.', 'a', ''), { maxLength: 6 }).map((all) => all.join('/'));
    fc.assert(
      fc.property(path, (target) => {
        const outcome = parseOrCode(() => resolveLinkName('a/b/c', target));
        if ('value' in outcome) expect(outcome.value.split('/')).not.toContain('..');
      }),
    );
  });
});
