import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import type { ImageSource } from '../transfer/image-source.ts';
import { describeImage } from './describe-image.ts';

const { signal } = new AbortController();

/** A source of bytes in memory, built from the leaves up; the last one added is its root. */
function createSource() {
  const contents = new Map<string, Uint8Array>();
  let root: Descriptor | undefined;
  const add = (mediaType: string, value: object, more: Partial<Descriptor> = {}): Descriptor => {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const descriptor = { mediaType, digest: parseDigest(`sha256:${digestHex('sha256', bytes)}`), size: bytes.byteLength };
    contents.set(descriptor.digest, bytes);
    root = descriptor;
    return { ...descriptor, ...more };
  };
  const source: ImageSource = {
    location: 'here',
    root: async () => root!,
    manifest: async ({ digest }) => contents.get(digest)!,
    blob: ({ digest }) => bytesSource(contents.get(digest)!),
    close: async () => {},
  };
  return { source, add, contents };
}

const layer: Descriptor = { mediaType: mediaTypes.layerGzip, digest: parseDigest(`sha256:${'a'.repeat(64)}`), size: 1000 };
const manifestOf = (config: Descriptor, more: object = {}) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.imageManifest,
  config,
  layers: [layer, layer],
  ...more,
});

describe('describeImage', () => {
  it('takes the platform of a single image from its config, and counts a blob once', async () => {
    const { source, add } = createSource();
    const config = add(mediaTypes.imageConfig, { os: 'linux', architecture: 'arm', variant: 'v7', config: { Cmd: ['x'] } });
    add(mediaTypes.imageManifest, manifestOf(config));
    const found = await describeImage(source, signal);
    expect(found).toMatchObject({ kind: 'image', totalBytes: 1000 + config.size });
    expect(found.images).toMatchObject([{ platform: 'linux/arm/v7', config: { config: { Cmd: ['x'] } } }]);
  });

  it('lists the images of an index, nested ones too, and names attestations and artifacts', async () => {
    const { source, add } = createSource();
    const config = add(mediaTypes.imageConfig, { os: 'linux', architecture: 'amd64' });
    const image = add(mediaTypes.imageManifest, manifestOf(config), { platform: { os: 'linux', architecture: 'amd64' } });
    const attestation = add(mediaTypes.imageManifest, manifestOf(config, { annotations: { a: 'b' } }), {
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
    });
    const empty = add(mediaTypes.emptyJson, {});
    const artifact = add(mediaTypes.imageManifest, manifestOf(empty, { artifactType: 'application/vnd.example+json' }));
    const nested = add(mediaTypes.imageIndex, { schemaVersion: 2, manifests: [artifact] });
    add(mediaTypes.imageIndex, { schemaVersion: 2, manifests: [image, attestation, nested] });
    const { kind, images, totalBytes } = await describeImage(source, signal);
    expect(kind).toBe('index');
    expect(images.map(({ platform, artifactType }) => [platform, artifactType])).toEqual([
      ['linux/amd64', undefined],
      ['unknown/unknown', 'attestation-manifest'],
      [undefined, 'application/vnd.example+json'],
    ]);
    expect(totalBytes).toBe(1000 + config.size + empty.size);
  });

  it('believes no byte that it has not verified', async () => {
    const { source, add, contents } = createSource();
    const config = add(mediaTypes.imageConfig, { os: 'linux', architecture: 'amd64' });
    const root = add(mediaTypes.imageManifest, manifestOf(config));
    for (const { digest, size } of [config, root]) {
      const right = contents.get(digest)!;
      contents.set(digest, new Uint8Array(size));
      await expect(describeImage(source, signal)).rejects.toMatchObject({ code: 'digest-mismatch' });
      contents.set(digest, right);
    }
  });
});
