import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../test/coded-errors.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { formatReferrerMarker, formatRepositoryMarker, parseReferrerMarker } from './markers.ts';
import { emptyReferrersIndex, formatReferrersIndex, parseReferrersIndex, type Referrer, referrerOf } from './referrers-index.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (json: object | string): Uint8Array => new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
const digest = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);
const imageType = 'application/vnd.oci.image.manifest.v1+json';
const configOf = (mediaType: string) => ({ mediaType, digest: digest('c'), size: 2 });

const referrers: fc.Arbitrary<Referrer[]> = fc.uniqueArray(
  fc.record({
    mediaType: fc.constant(imageType),
    digest: fc
      .string({ unit: fc.constantFrom(...Array.from('0123456789abcdef')), minLength: 64, maxLength: 64 })
      .map((hex) => parseDigest(`sha256:${hex}`)),
    size: fc.nat(),
    artifactType: fc.option(fc.constantFrom('application/vnd.example+json', 'text/plain'), { nil: undefined }),
    annotations: fc.option(
      fc
        .dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }))
        .map((all) =>
          Object.fromEntries(Object.entries(all).filter(([name]) => !['__proto__', 'constructor', 'prototype'].includes(name))),
        ),
      { nil: undefined },
    ),
  }),
  { selector: (referrer) => referrer.digest, maxLength: 5 },
);

describe('the index of referrers', () => {
  it('is this, byte by byte, where nothing refers', () => {
    expect(text(emptyReferrersIndex)).toBe('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}');
    expect(parseReferrersIndex(emptyReferrersIndex)).toEqual([]);
  });

  it('is sorted by digest, members and annotations in a fixed order', () => {
    const listed: Referrer[] = [
      { annotations: { b: 'é"', a: '1', 10: 'x', 9: 'y' }, artifactType: 'text/plain', size: 7, digest: digest('b'), mediaType: imageType },
      { digest: digest('a'), mediaType: imageType, size: 5 },
    ];
    expect(text(formatReferrersIndex(listed))).toBe(
      `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` +
        `{"mediaType":"${imageType}","digest":"${digest('a')}","size":5},` +
        `{"mediaType":"${imageType}","digest":"${digest('b')}","size":7,"artifactType":"text/plain","annotations":{"10":"x","9":"y","a":"1","b":"é\\""}}]}`,
    );
  });

  it('is the same bytes for the same referrers, and reads back', () => {
    fc.assert(
      fc.property(referrers, (listed) => {
        const formatted = formatReferrersIndex(listed);
        expect(formatReferrersIndex([...listed, ...listed].toReversed())).toEqual(formatted);
        const byDigest = (a: Referrer, b: Referrer): number => (a.digest < b.digest ? -1 : 1);
        expect(parseReferrersIndex(formatted)).toEqual(listed.toSorted(byDigest));
        expect(parseManifest(formatted).mediaType).toBe('application/vnd.oci.image.index.v1+json');
      }),
    );
  });

  it('is refused once clients would not read it whole', () => {
    const annotations = { big: 'x'.repeat(3 * 1024 * 1024) };
    const one = { mediaType: imageType, digest: digest('a'), size: 1, annotations };
    expect(formatReferrersIndex([one]).byteLength).toBeGreaterThan(3 * 1024 * 1024);
    expect(codeOf(() => formatReferrersIndex([one, { ...one, digest: digest('b') }]))).toBe('manifest-too-large');
  });

  it.each([
    '',
    '{}',
    `{"schemaVersion":2,"manifests":[],"layers":[]}`,
    `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}`,
    `{"schemaVersion":2,"mediaType":"${imageType}","config":{"mediaType":"a/b","digest":"${digest('c')}","size":1},"layers":[]}`,
  ])('is not %j', (json) => {
    expect(codeOf(() => parseReferrersIndex(bytes(json)))).toBe('format-invalid');
  });
});

describe('what an index says of a referrer', () => {
  it.each([
    [{ artifactType: 'application/vnd.example' }, 'application/vnd.example'],
    [{}, 'application/vnd.example.config'],
    [{ artifactType: '' }, 'application/vnd.example.config'],
  ])('takes the artifact type of an image with %j, else its config', (members, artifactType) => {
    const manifest = parseManifest(
      bytes({
        schemaVersion: 2,
        mediaType: imageType,
        ...members,
        config: configOf('application/vnd.example.config'),
        layers: [],
        annotations: { a: 'b' },
      }),
    );
    expect(referrerOf(manifest, digest('d'), 99)).toEqual({
      mediaType: imageType,
      digest: digest('d'),
      size: 99,
      artifactType,
      annotations: { a: 'b' },
    });
  });

  it('leaves out what an index that refers does not have', () => {
    const manifest = parseManifest(bytes({ schemaVersion: 2, manifests: [] }));
    expect(text(formatReferrerMarker(referrerOf(manifest, digest('d'), 9)))).toBe(
      `{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"${digest('d')}","size":9}`,
    );
  });
});

describe('markers', () => {
  it('of referrers hold their descriptor, and read back', () => {
    fc.assert(
      fc.property(referrers, (listed) => listed.forEach((one) => expect(parseReferrerMarker(formatReferrerMarker(one))).toEqual(one))),
    );
  });

  it.each(['', '{}', '{"mediaType":"a/b","digest":"sha256:00","size":1}', `{"mediaType":"a/b","digest":"${digest('a')}","size":-1}`])(
    'of referrers are not %j',
    (json) => {
      expect(codeOf(() => parseReferrerMarker(bytes(json)))).toBe('format-invalid');
    },
  );

  it('of repositories name them', () => {
    expect(text(formatRepositoryMarker(parseRepositoryName('team/app')))).toBe('{"name":"team/app"}');
  });
});
