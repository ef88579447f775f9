import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { isBucketRepositoryName, parseBucketRepositoryName } from './bucket-repository-name.ts';

describe('parseBucketRepositoryName', () => {
  it.each(['app', 'team/app', 'team/blob', 'team/manifests2', 'blobs-of/tags.old', 'list', 'v2'])('takes "%s"', (name) => {
    expect(parseBucketRepositoryName(name)).toBe(name);
    expect(isBucketRepositoryName(name)).toBe(true);
  });

  it.each(['blobs', 'team/blobs', 'manifests/app', 'a/tags/b', 'referrers'])(
    'refuses the reserved component in "%s", and names it',
    (name) => {
      expect(codeOf(() => parseBucketRepositoryName(name))).toBe('name-invalid');
      expect(() => parseBucketRepositoryName(name)).toThrow(/its component "(blobs|manifests|tags|referrers)" is the name of a folder/);
      expect(isBucketRepositoryName(name)).toBe(false);
    },
  );

  it.each(['', '_catalog', 'team/_repository', 'Team/app', 'team//app', 'team/..'])(
    'refuses "%s", which the specification does not allow',
    (name) => {
      expect(codeOf(() => parseBucketRepositoryName(name))).toBe('name-invalid');
      expect(isBucketRepositoryName(name)).toBe(false);
    },
  );
});
