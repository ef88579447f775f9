import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toObjectKey } from '../object-key.ts';
import { readSpelledName, spellKey } from './spell-key.ts';

const segments = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  // oxlint-disable-next-line no-control-regex -- no key holds them
  .filter((text) => text.isWellFormed() && !/[/\u0000-\u001f\u007f]/.test(text) && text !== '.' && text !== '..');

describe('spelled portably', () => {
  it('a name is read back as the segment it was', () => {
    fc.assert(
      fc.property(segments, (segment) => {
        const name = spellKey(toObjectKey(segment), 'portable');
        fc.pre(name !== undefined);
        expect(readSpelledName(name, 'portable')).toBe(segment);
      }),
    );
  });

  it('two keys stay two on a file system that folds case and composes accents', () => {
    fc.assert(
      fc.property(segments, segments, (left, right) => {
        fc.pre(left !== right);
        const [one, two] = [left, right].map((each) => spellKey(toObjectKey(each), 'portable'));
        fc.pre(one !== undefined && two !== undefined);
        expect(one.normalize('NFC').toUpperCase()).not.toBe(two.normalize('NFC').toUpperCase());
      }),
    );
  });

  it('a name is one that Windows takes', () => {
    fc.assert(
      fc.property(segments, (segment) => {
        const name = spellKey(toObjectKey(segment), 'portable') ?? 'x';
        expect(name).not.toMatch(/[<>:"/\\|?*]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
      }),
    );
  });

  it.each([
    ['v2/app/blobs/sha256:ab', 'v2/app/blobs/sha256%3Aab'],
    ['Tag', '%54ag'],
    ['1.0', '1.0'],
    ['100%', '100%25'],
    ['end.', 'end%2E'],
    ['aux', '%61ux'],
    ['aux.txt', '%61ux.txt'],
    ['auxiliary', 'auxiliary'],
    ['é', '%C3%A9'],
  ])('%j is %j', (key, path) => {
    expect(spellKey(toObjectKey(key), 'portable')).toBe(path);
  });

  it.each(['%zz', '%61b', 'Tag', '%3a', '%FF'])('a stranger named %j is no key', (name) => {
    expect(readSpelledName(name, 'portable')).toBeUndefined();
  });
});

it('spelled plainly a path is the key', () => {
  expect(spellKey(toObjectKey('v2/Ä/sha256:ab'), 'plain')).toBe('v2/Ä/sha256:ab');
  expect(readSpelledName('sha256:ab', 'plain')).toBe('sha256:ab');
});

it.each(['v2/', `a/${'x'.repeat(256)}`, '.directory-bucket/format.json', '.directory-bucket'])('%j has no path of its own', (key) => {
  expect(spellKey(toObjectKey(key), 'plain')).toBeUndefined();
  expect(spellKey(toObjectKey(key), 'portable')).toBeUndefined();
});
