import { describe, expect, it } from 'vitest';
import { parsePeers, parseRegistryRepository } from './bench-places.ts';

describe('the repository to push to', () => {
  it.each([
    ['registry.example.com/bench', 'registry.example.com', 'bench'],
    ['localhost:5000/team/bench', 'localhost:5000', 'team/bench'],
    ['localhost/bench', 'localhost', 'bench'],
    ['docker://ghcr.io/org/bench', 'ghcr.io', 'org/bench'],
    ['docker.io/me/bench', 'docker.io', 'me/bench'],
  ])('%s is read as host and name', (text, host, name) => {
    expect(parseRegistryRepository(text)).toEqual({ host, name });
  });

  it.each(['bench', 'team/bench', 'localhost:5000', 'ghcr.io/org/bench:1', 'ghcr.io/org/bench@sha256:abc', ''])(
    '%j is refused: a host must be written, and no tag',
    (text) => {
      expect(() => parseRegistryRepository(text)).toThrow('wanted HOST/NAME without tag and digest');
    },
  );

  it('a name that no registry takes is refused', () => {
    expect(() => parseRegistryRepository('ghcr.io/Org/Bench')).toThrow('as a repository name');
  });
});

describe('peers', () => {
  it('are known ones, each once', () => {
    expect(parsePeers(['crane', 's5cmd', 'crane'])).toEqual(['crane', 's5cmd']);
    expect(() => parsePeers(['cranes'])).toThrow('Cannot take --peers "cranes": wanted crane, skopeo, docker, s5cmd, aws');
  });
});
