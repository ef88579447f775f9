import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { parseRepositoryName, parseTag, type RepositoryName, type Tag } from '../oci/repository-name.ts';
import { fallbackTagOf, isFallbackTag } from '../oci/fallback-tag.ts';
import { blobsPrefix, formatKey, type KeySpec, manifestsPrefix, referrerMarkersPrefix, referrersPrefix, repositoryPrefix } from './keys.ts';
import { parseKey } from './parse-key.ts';

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: length, maxLength: length });
const digests: fc.Arbitrary<Digest> = fc
  .oneof(
    hex(64).map((encoded) => `sha256:${encoded}`),
    hex(128).map((encoded) => `sha512:${encoded}`),
  )
  .map(parseDigest);
const names: fc.Arbitrary<RepositoryName> = fc
  .array(fc.stringMatching(/^[a-z0-9]{1,5}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}$/), { minLength: 1, maxLength: 4 })
  .filter((components) => !components.some((component) => ['blobs', 'manifests', 'tags', 'referrers'].includes(component)))
  .map((components) => parseRepositoryName(components.join('/')));
const tags: fc.Arbitrary<Tag> = fc
  .stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/)
  .filter((text) => !isFallbackTag(text))
  .map(parseTag);

const specs: fc.Arbitrary<KeySpec> = fc.oneof(
  fc.constantFrom<KeySpec>({ kind: 'root' }, { kind: 'catalog' }, { kind: 'format' }),
  fc.record({ kind: fc.constantFrom('blob' as const, 'manifest' as const, 'referrers' as const), name: names, digest: digests }),
  fc.record({ kind: fc.constant('tag' as const), name: names, tag: tags }),
  fc.record({ kind: fc.constant('fallback-tag' as const), name: names, tag: digests.map(fallbackTagOf) }),
  fc.record({ kind: fc.constantFrom('tag-list' as const, 'repository-marker' as const, 'collection' as const), name: names }),
  fc.record({ kind: fc.constant('referrer-marker' as const), name: names, subject: digests, referrer: digests }),
  fc.record({ kind: fc.constant('staging' as const), id: fc.uuid() }),
  fc.record({ kind: fc.constant('pack-recipe' as const), recipe: hex(64).map((encoded) => parseDigest(`sha256:${encoded}`)) }),
);

/** Texts near to keys: their pieces in any order, and keys with one character changed. */
const nearKeys: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'v2',
          '_bucketry',
          'blobs',
          'manifests',
          'tags',
          'list',
          'referrers',
          'repositories',
          'staging',
          'recipes',
          'pack',
          'a'.repeat(64),
          '_catalog',
          'format',
        ),
        fc.constantFrom(
          '_repository',
          '_collection',
          '_referrers',
          '',
          '.',
          'team',
          'app',
          'latest',
          `sha256-${'a'.repeat(64)}`,
          `sha256:${'a'.repeat(64)}`,
        ),
      ),
      { maxLength: 7 },
    )
    .map((pieces) => pieces.join('/')),
  fc.tuple(specs, fc.nat(), fc.constantFrom('', '/', 'A', 'a', '_', ':', '.', ' ', '\u0000', 'é')).map(([spec, position, text]) => {
    const key = formatKey(spec);
    const at = position % key.length;
    return key.slice(0, at) + text + key.slice(at + 1);
  }),
);

const name = parseRepositoryName('team/app');
const digest = parseDigest(`sha256:${'ab'.repeat(32)}`);
const longDigest = parseDigest(`sha512:${'cd'.repeat(64)}`);

describe('formatKey', () => {
  it.each<readonly [KeySpec, string]>([
    [{ kind: 'root' }, 'v2/'],
    [{ kind: 'catalog' }, 'v2/_catalog'],
    [{ kind: 'blob', name, digest }, `v2/team/app/blobs/sha256:${'ab'.repeat(32)}`],
    [{ kind: 'manifest', name, digest: longDigest }, `v2/team/app/manifests/sha512:${'cd'.repeat(64)}`],
    [{ kind: 'tag', name, tag: parseTag('1.0') }, 'v2/team/app/manifests/1.0'],
    [{ kind: 'fallback-tag', name, tag: fallbackTagOf(digest) }, `v2/team/app/manifests/sha256-${'ab'.repeat(32)}`],
    [{ kind: 'fallback-tag', name, tag: fallbackTagOf(longDigest) }, `v2/team/app/manifests/sha512-${'cd'.repeat(32)}`],
    [{ kind: 'referrers', name, digest }, `v2/team/app/referrers/sha256:${'ab'.repeat(32)}`],
    [{ kind: 'tag-list', name }, 'v2/team/app/tags/list'],
    [{ kind: 'format' }, '_bucketry/format'],
    [{ kind: 'repository-marker', name }, '_bucketry/repositories/team/app/_repository'],
    [{ kind: 'collection', name }, '_bucketry/repositories/team/app/_collection'],
    [
      { kind: 'referrer-marker', name, subject: digest, referrer: longDigest },
      `_bucketry/repositories/team/app/_referrers/sha256:${'ab'.repeat(32)}/sha512:${'cd'.repeat(64)}`,
    ],
    [{ kind: 'staging', id: '0b9f-1' }, '_bucketry/staging/0b9f-1'],
    [{ kind: 'pack-recipe', recipe: digest }, `_bucketry/recipes/pack/${'ab'.repeat(32)}`],
  ])('builds the key of %j', (spec, key) => {
    expect(formatKey(spec)).toBe(key);
    expect(parseKey(key)).toEqual(spec);
  });

  it('refuses names with reserved components, fallback tags as tags, staging ids that leave their folder, and recipes of another algorithm', () => {
    const reserved = parseRepositoryName('team/blobs');
    expect(codeOf(() => formatKey({ kind: 'blob', name: reserved, digest }))).toBe('name-invalid');
    expect(codeOf(() => formatKey({ kind: 'collection', name: reserved }))).toBe('name-invalid');
    expect(codeOf(() => formatKey({ kind: 'tag', name, tag: fallbackTagOf(digest) }))).toBe('tag-invalid');
    for (const id of ['', '..', 'a/b', 'A', '-a', 'a--b', 'a'.repeat(129)])
      expect(codeOf(() => formatKey({ kind: 'staging', id }))).toBe('key-invalid');
    expect(codeOf(() => formatKey({ kind: 'pack-recipe', recipe: longDigest }))).toBe('key-invalid');
  });

  it('keeps the longest key within what stores take', () => {
    const longest = parseRepositoryName(Array.from({ length: 100 }, () => 'a').join('/'));
    const key = formatKey({ kind: 'referrer-marker', name: longest, subject: longDigest, referrer: longDigest });
    expect(key.length).toBeLessThan(1024);
  });
});

describe('parseKey', () => {
  it('reads back every key that is built', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        expect(parseKey(formatKey(spec))).toEqual(spec);
      }),
    );
  });

  it('reads nothing that is not built: whatever it reads, formats to the same text', () => {
    const check = (text: string): void => {
      const spec = parseKey(text);
      if (spec) expect(formatKey(spec)).toBe(text);
    };
    fc.assert(fc.property(nearKeys, check), { numRuns: 2_000 });
    fc.assert(fc.property(fc.string(), check));
  });

  it.each([
    '',
    'v2',
    'v2//',
    '/v2/',
    'v2/blobs/sha256:00',
    `v2/blobs/${digest}`,
    `v2/team/blobs/blobs/${digest}`,
    `v2/team/tags/app/blobs/${digest}`,
    `v2/team/app/blobs/${digest}/`,
    `v2/team/app/blobs/${digest.toUpperCase()}`,
    'v2/team/app/manifests/',
    'v2/team/app/manifests/-latest',
    'v2/team/app/manifests/md5:00',
    'v2/team/app/tags/list2',
    'v2/Team/app/tags/list',
    'v2/_catalog/tags/list',
    '_bucketry/',
    '_bucketry/format/',
    '_bucketry/repositories/_repository',
    '_bucketry/repositories/team',
    '_bucketry/repositories/team/_repository/more',
    '_bucketry/repositories/team/_collection/',
    `_bucketry/repositories/team/_referrers/${digest}`,
    `_bucketry/repositories/team/_referrers/${digest}/${digest}/more`,
    '_bucketry/repositories/team/_other',
    '_bucketry/recipes/pip/x',
    '_bucketry/recipes/pack/',
    `_bucketry/recipes/pack/${digest}`,
    `_bucketry/recipes/pack/${'ab'.repeat(64)}`,
    `_bucketry/recipes/pack/${'AB'.repeat(32)}`,
    '_bucketry/staging/',
    '_bucketry/staging/a/b',
    'index.html',
  ])('does not take %j for a key of the format', (text) => {
    expect(parseKey(text)).toBeUndefined();
  });
});

describe('prefixes', () => {
  it('begin exactly the keys that they are for', () => {
    fc.assert(
      fc.property(specs, names, digests, (spec, other, subject) => {
        const key = formatKey(spec);
        const of = 'name' in spec ? spec.name : undefined;
        expect(key.startsWith(blobsPrefix(other))).toBe(spec.kind === 'blob' && of === other);
        expect(key.startsWith(manifestsPrefix(other))).toBe(['manifest', 'tag', 'fallback-tag'].includes(spec.kind) && of === other);
        expect(key.startsWith(referrersPrefix(other))).toBe(spec.kind === 'referrers' && of === other);
        const isMarker = spec.kind === 'referrer-marker' && of === other;
        expect(key.startsWith(referrerMarkersPrefix(other))).toBe(isMarker);
        expect(key.startsWith(referrerMarkersPrefix(other, subject))).toBe(isMarker && spec.subject === subject);
        if (key.startsWith(repositoryPrefix(other))) expect(of === other || of?.startsWith(`${other}/`)).toBe(true);
      }),
    );
    expect(formatKey({ kind: 'tag-list', name }).startsWith(repositoryPrefix(name))).toBe(true);
    expect(blobsPrefix(name)).toBe('v2/team/app/blobs/');
    expect(referrerMarkersPrefix(name, digest)).toBe(`_bucketry/repositories/team/app/_referrers/${digest}/`);
  });

  it('make no key a folder of another', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const segments = formatKey(spec).split('/');
        for (const end of segments.keys()) expect(parseKey(segments.slice(0, end).join('/'))).toBeUndefined();
      }),
    );
  });
});
