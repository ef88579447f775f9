import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTagSelector, type TagSelection } from './select-tags.ts';
import { parseTagPatterns } from './tag-pattern.ts';

const select = (selection: TagSelection, offered: readonly string[]): readonly string[] => createTagSelector(selection).select(offered);
const signature = `sha256-${'a'.repeat(64)}.sig`;

describe('patterns of tags', () => {
  it('let in what one of them fits, and leave out what one after ! fits', () => {
    expect(select({ tags: ['1.*', 'v?', '!*-rc*'] }, ['1.0', '1.0-rc1', 'v1', 'v10', '2.0', 'latest'])).toEqual(['1.0', 'v1']);
    expect(select({ tags: ['!nightly*'] }, ['nightly-1', 'latest'])).toEqual(['latest']);
  });

  it('take dots for dots', () => {
    expect(select({ tags: ['1.0'] }, ['1.0', '1x0'])).toEqual(['1.0']);
  });

  it('fit every tag that is written out, and no other of its length', () => {
    const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/);
    fc.assert(
      fc.property(tag, tag, (one, other) => {
        expect(parseTagPatterns([one])(one)).toBe(true);
        expect(parseTagPatterns([one])(other)).toBe(one === other);
        expect(parseTagPatterns([`*${one.slice(1)}`])(one)).toBe(true);
      }),
    );
  });

  it('are refused where they hold what no tag holds', () => {
    for (const pattern of ['', 'a b', '[ab]', 'a/b', '!']) {
      expect(() => parseTagPatterns([pattern])).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
    }
  });
});

describe('versions', () => {
  const offered = ['1.2.0', 'v1.10.0', '1.9', '2.0.0', '1.11.0-rc.1', '3', 'latest', '24.04', '1.2-alpine', '1.2.3_build.5'];

  it('are within a range as npm reads it, two numbers meaning three', () => {
    expect(select({ semver: '>=1.2 <2' }, offered)).toEqual(['1.2.0', 'v1.10.0', '1.9', '1.2.3_build.5']);
    expect(select({ semver: '24.x' }, offered)).toEqual(['24.04']);
  });

  it('are counted from the highest, and pre-releases only where they were let in', () => {
    expect(select({ latest: 2 }, offered)).toEqual(['3', '24.04']);
    expect(select({ tags: ['1.*', 'v1.*'], latest: 2 }, offered)).toEqual(['v1.10.0', '1.11.0-rc.1']);
    expect(select({ semver: '<2', latest: 1 }, offered)).toEqual(['v1.10.0']);
  });

  it('are needed for the latest', () => {
    expect(() => select({ latest: 1 }, ['stable', 'edge'])).toThrow(expect.objectContaining({ code: 'tag-missing' }));
    expect(select({ latest: 1 }, [])).toEqual([]);
  });

  it('want a range that is one', () => {
    expect(() => createTagSelector({ semver: 'newest' })).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
  });
});

it('no selection means tags that belong to an image and go with it', () => {
  const fallback = `sha256-${'b'.repeat(64)}`;
  expect(select({}, ['1.0', signature, fallback])).toEqual(['1.0']);
  expect(select({ tags: ['*'] }, [signature, fallback])).toEqual([]);
});
