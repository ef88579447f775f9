import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, parseOrCode } from '../../test/coded-errors.ts';
import { artifactTypeOf, listChildren, maxManifestBytes, parseManifest } from './manifest.ts';
import { isForeignLayerType, isManifestType, mediaTypes } from './media-types.ts';

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const descriptor = (mediaType: string, digit = 'a') => ({ mediaType, digest: `sha256:${digit.repeat(64)}`, size: 7 });
const config = descriptor(mediaTypes.imageConfig, 'c');
const layer = descriptor(mediaTypes.layerGzip, 'd');
const image = { schemaVersion: 2, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  manifests: [{ ...descriptor(mediaTypes.imageManifest), platform: { os: 'linux', architecture: 'arm64' } }],
};

describe('parseManifest', () => {
  test('reads an image: type by structure, config and layers below it', () => {
    const manifest = parseManifest(encode(image));
    expect(manifest).toMatchObject({ kind: 'image', mediaType: mediaTypes.imageManifest });
    expect(listChildren(manifest)).toEqual([config, layer]);
  });

  test('reads an index: type by structure, manifests below it, the subject not', () => {
    const manifest = parseManifest(encode({ ...index, subject: descriptor(mediaTypes.imageManifest, 'e') }));
    expect(manifest).toMatchObject({ kind: 'index', mediaType: mediaTypes.imageIndex, subject: { size: 7 } });
    expect(listChildren(manifest)).toEqual(index.manifests);
  });

  test.each([
    [mediaTypes.dockerManifest, image],
    [mediaTypes.imageManifest, image],
    [mediaTypes.dockerManifestList, index],
    [mediaTypes.imageIndex, index],
  ])('keeps its own type %s, and takes the same one declared, with parameters', (mediaType, body) => {
    expect(parseManifest(encode({ ...body, mediaType }), `${mediaType}; charset=utf-8`).mediaType).toBe(mediaType);
  });

  test("reads Go's null for an empty list of manifests, and for what may be left out", () => {
    expect(listChildren(parseManifest(encode({ schemaVersion: 2, manifests: null, annotations: null, subject: null })))).toEqual([]);
  });

  test.each([
    ['not JSON', 'manifest-invalid', '{'],
    ['not UTF-8', 'manifest-invalid', new Uint8Array([0x22, 0xff, 0x22])],
    ['a byte order mark', 'manifest-invalid', `\uFEFF${JSON.stringify(image)}`],
    ['no object', 'manifest-invalid', []],
    ['null', 'manifest-invalid', 'null'],
    ['nothing', 'manifest-invalid', ''],
    ['deep nesting', 'manifest-invalid', '['.repeat(1_000_000)],
    ['schema 1', 'schema-1-unsupported', { schemaVersion: 1, fsLayers: [] }],
    ['another schema version', 'manifest-invalid', { ...image, schemaVersion: 3 }],
    ['both layers and manifests', 'manifest-invalid', { ...image, ...index }],
    ['both config and manifests', 'manifest-invalid', { ...index, config }],
    ['no layers', 'manifest-invalid', { schemaVersion: 2, config }],
    ['a negative size', 'manifest-invalid', { ...image, config: { ...config, size: -1 } }],
    ['half a byte', 'manifest-invalid', { ...image, config: { ...config, size: 0.5 } }],
    ['a size past what numbers hold', 'manifest-invalid', { ...image, config: { ...config, size: 2 ** 60 } }],
    ['a digest that is a path', 'manifest-invalid', { ...image, config: { ...config, digest: '../x' } }],
    ['a media type that splits a header', 'manifest-invalid', { ...image, config: { ...config, mediaType: 'a/b\r\nx: y' } }],
    [
      'an artifact manifest of before the release',
      'media-type-unsupported',
      { mediaType: 'application/vnd.oci.artifact.manifest.v1+json', blobs: [] },
    ],
    ['the type of an index over an image', 'media-type-unsupported', { ...image, mediaType: mediaTypes.imageIndex }],
    ['one byte too many', 'manifest-too-large', ' '.repeat(maxManifestBytes + 1)],
  ])('refuses %s', (_, code, body) => {
    expect(codeOf(() => parseManifest(body instanceof Uint8Array ? body : encode(body)))).toBe(code);
  });

  test('refuses another declared type than the bytes have', () => {
    expect(codeOf(() => parseManifest(encode(image), mediaTypes.dockerManifest))).toBe('media-type-mismatch');
  });

  test('throws nothing but coded errors for any JSON, however near a manifest', () => {
    const odd = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(config, layer, [layer], [config], 2, 1, mediaTypes.imageIndex, mediaTypes.dockerManifest),
    );
    const near = fc.dictionary(
      fc.constantFrom('schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'subject', 'annotations', '__proto__'),
      odd,
    );
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (value) => {
        const outcome = parseOrCode(() => parseManifest(encode(value)));
        if ('value' in outcome) expect(isManifestType(outcome.value.mediaType)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('throws nothing but coded errors for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseOrCode(() => parseManifest(bytes))));
  });
});

describe('artifactTypeOf', () => {
  test("is the manifest's own, else an image's config type, else nothing", () => {
    expect(artifactTypeOf(parseManifest(encode({ ...image, artifactType: 'application/x' })))).toBe('application/x');
    expect(artifactTypeOf(parseManifest(encode({ ...image, artifactType: '' })))).toBe(mediaTypes.imageConfig);
    expect(artifactTypeOf(parseManifest(encode(index)))).toBeUndefined();
  });
});

describe('isForeignLayerType', () => {
  test.each([
    [mediaTypes.dockerForeignLayer, true],
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', true],
    [mediaTypes.layerGzip, false],
  ])('%s: %s', (mediaType, foreign) => {
    expect(isForeignLayerType(mediaType)).toBe(foreign);
  });
});
