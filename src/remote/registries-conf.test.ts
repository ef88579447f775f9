import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { findConfiguredEndpoints, parseRegistriesConf } from './registries-conf.ts';

const conf = `
unqualified-search-registries = ["docker.io"]
short-name-mode = "enforcing"

[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "mirror.test:5000/hub"
insecure = true
[[registry.mirror]]
location = "second.test"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "third.test"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "docker.io/team"
location = "inner.test/copies"
mirror-by-digest-only = true
[[registry.mirror]]
location = "other.test/copies"

[[registry]]
location = "plain.test:5000"
insecure = true

[[registry]]
prefix = "*.blocked.test"
blocked = true

[[registry]]
prefix = "*.wild.test"
location = "wild.test/all"
`;

function find(host: string, repository: string, text = conf): unknown {
  const found = findConfiguredEndpoints(parseRegistriesConf(text, 'registries.conf'), host, parseRepositoryName(repository));
  return (
    found &&
    [...found.mirrors, found.registry].map(({ host: place, repository: name, scheme, serves }) => [`${place}/${name}`, scheme, serves])
  );
}

describe('registries.conf', () => {
  it('names mirrors, in their order, before the registry', () => {
    expect(find('docker.io', 'library/alpine')).toEqual([
      ['mirror.test:5000/hub/library/alpine', 'either', 'all'],
      ['second.test/library/alpine', undefined, 'digests'],
      ['third.test/library/alpine', undefined, 'tags'],
      ['docker.io/library/alpine', undefined, 'all'],
    ]);
  });

  it('decides by the longest prefix, of whole components', () => {
    expect(find('docker.io', 'team/app')).toEqual([
      ['other.test/copies/app', undefined, 'digests'],
      ['inner.test/copies/app', undefined, 'all'],
    ]);
    expect(find('docker.io', 'teams/app')).toContainEqual(['docker.io/teams/app', undefined, 'all']);
  });

  it('may have no prefix, or one for all hosts of a domain', () => {
    expect(find('plain.test:5000', 'app')).toEqual([['plain.test:5000/app', 'either', 'all']]);
    expect(find('a.wild.test', 'app')).toEqual([['wild.test/all/app', undefined, 'all']]);
    expect(find('wild.test', 'app')).toBeUndefined();
    expect(find('ghcr.io', 'app')).toBeUndefined();
  });

  it('may block a registry', () => {
    expect(codeOf(() => find('a.blocked.test', 'app'))).toBe('registry-blocked');
  });

  it('is refused when it is none', () => {
    for (const text of [
      '[[registry',
      'registry = 1',
      '[[registry]]\nblocked = "yes"',
      '[[registry]]\nlocation = "a.test"\n[[registry.mirror]]\ninsecure = true',
    ])
      expect(codeOf(() => find('a.test', 'app', text))).toBe('input-invalid');
    expect(codeOf(() => find('a.test', 'app', '[[registry]]\nprefix = "a.test"\nlocation = "not a host"'))).toBe('input-invalid');
  });

  it('may be of the old format, which says nothing', () => {
    expect(find('docker.io', 'app', '[registries.search]\nregistries = ["docker.io"]')).toBeUndefined();
  });
});
