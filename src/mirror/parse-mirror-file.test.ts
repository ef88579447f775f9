import { describe, expect, it } from 'vitest';
import { parseMirrorFile } from './parse-mirror-file.ts';

describe('a file of repositories', () => {
  it('says what is mirrored and how, once for all and for each', () => {
    const { bucket, jobs } = parseMirrorFile(
      `
bucket: s3://my-bucket
defaults:
  platforms: [linux/amd64, linux/arm64]
  prune: true
repositories:
  - docker.io/library/alpine
  - from: ghcr.io/org/app
    to: mirrors/app
    tags: ['v*', '!*-rc*']
    semver: '>=1.2 <2'
    latest: 5
    platforms: linux/amd64
    referrers: false
    maxPrune: 3
`,
      'mirror.yaml',
    );
    expect(bucket).toBe('s3://my-bucket');
    expect(jobs).toMatchObject([
      {
        host: 'docker.io',
        repository: 'library/alpine',
        target: 'library/alpine',
        selection: {},
        platforms: [{ os: 'linux', architecture: 'amd64' }, { architecture: 'arm64' }],
        referrers: true,
        prune: { percent: 10 },
      },
      {
        host: 'ghcr.io',
        target: 'mirrors/app',
        selection: { tags: ['v*', '!*-rc*'], semver: '>=1.2 <2', latest: 5 },
        platforms: [{ architecture: 'amd64' }],
        referrers: false,
        prune: { count: 3 },
      },
    ]);
    expect(jobs[1]?.platforms).toHaveLength(1);
  });

  const head = 'bucket: s3://b\nrepositories:\n';
  const cases: readonly [title: string, text: string, line: number, why: RegExp][] = [
    ['a key that is not known', `${head}  - from: alpine\n    tag: '3'\n`, 4, /"tag": wanted the keys from \(required\), to, tags/],
    ['a value of the wrong kind', `${head}  - from: alpine\n    latest: many\n`, 4, /"latest": wanted a number/],
    ['a source that is missing', `${head}  - nginx\n  - to: alpine\n`, 4, /"from"/],
    ['a source with a tag', `${head}  - from: nginx\n  - from: alpine:3\n`, 4, /alpine:3/],
    ['a source that is no reference', `${head}  - from: 'al pine'\n`, 3, /al pine/],
    ['a platform', `${head}  - from: alpine\n    platforms:\n      - linux/amd64/v1/x\n`, 4, /linux\/amd64\/v1\/x/],
    ['a range', `${head}  - from: alpine\n    semver: newest\n`, 4, /newest/],
    ['a pattern', `${head}  - from: alpine\n    tags: ['[a]']\n`, 4, /\[a\]/],
    ['a list of none', `${head}  - from: alpine\n    tags: []\n`, 4, /"tags": wanted one or more/],
    ['a default', `defaults:\n  prune: yes\nrepositories: [alpine]\n`, 2, /"prune": wanted true or false/],
    ['a default that only the repositories show', `defaults:\n  semver: newest\nrepositories: [alpine]\n`, 2, /newest/],
    ['a repository twice', `${head}  - alpine\n  - from: ghcr.io/a/b\n    to: library/alpine\n`, 4, /written to already/],
    ['a key twice', `${head}  - from: alpine\n    from: nginx\n`, 4, /unique/],
    ['no repositories', 'bucket: s3://b\nrepositories: []\n', 2, /one repository or more/],
    ['no YAML', `${head}  - from: [alpine\n`, 4, /./],
    ['a tag of YAML', `${head}  - !secret alpine\n`, 3, /tag/],
  ];
  for (const [title, text, line, why] of cases) {
    it(`tells the line of ${title}`, () => {
      const parse = (): unknown => parseMirrorFile(text, 'mirror.yaml');
      expect(parse).toThrow(expect.objectContaining({ code: 'input-invalid' }));
      expect(parse).toThrow(new RegExp(`"mirror\\.yaml": line ${line}: `));
      expect(parse).toThrow(why);
    });
  }

  it('is no bomb of aliases', () => {
    const bomb = Array.from(
      { length: 9 },
      (_, index) =>
        `a${index}: &a${index} [${
          index === 0
            ? 'x'
            : Array(9)
                .fill(`*a${index - 1}`)
                .join(', ')
        }]`,
    );
    expect(() => parseMirrorFile(bomb.join('\n'), 'mirror.yaml')).toThrow(expect.objectContaining({ code: 'input-invalid' }));
  });
});
