import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';
import { maxImageConfigBytes, parseImageConfig } from '../oci/image-config.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { type ByteSource, bytesSource } from '../streams/byte-source.ts';
import { createHasher, digestHex } from '../streams/hasher.ts';
import { readAll } from '../streams/read-all.ts';
import type { RequestOptions } from '../transfer/image-source.ts';
import type { DockerImage } from './docker-manifest.ts';
import type { LayoutFiles } from './layout-files.ts';

/** An image for which the archive holds no manifest: one made from what it does hold. */
export interface AssembledImage {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly blobs: ReadonlyMap<Digest, ByteSource>;
}

/** A config of the archive, with its digest. */
export interface ArchivedConfig {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * Reads the config that `manifest.json` names.
 * @throws RegistryError `archive-invalid`
 */
export async function readDockerConfig(files: LayoutFiles, { Config }: DockerImage, { signal }: RequestOptions): Promise<ArchivedConfig> {
  const bytes = await readAll((await findOrThrow(files, Config)).open({ signal }), maxImageConfigBytes, `config ${JSON.stringify(Config)}`);
  const digest = parseDigest(`sha256:${digestHex('sha256', bytes)}`);
  return { descriptor: { mediaType: mediaTypes.imageConfig, digest, size: bytes.byteLength }, bytes };
}

/**
 * Makes an OCI manifest of config and layers; of the same archive always the same. An uncompressed layer has its diff ID as digest, so that whoever verifies the one has
 * verified the other; a compressed one (as kaniko and crane write them) is read once for its digest.
 * @throws RegistryError `archive-invalid`, `manifest-invalid`
 */
export async function assembleImage(
  files: LayoutFiles,
  image: DockerImage,
  config: ArchivedConfig,
  options: RequestOptions,
): Promise<AssembledImage> {
  const { diffIds } = parseImageConfig(config.bytes);
  if (diffIds.length !== image.Layers.length) {
    throw new RegistryError(
      'archive-invalid',
      `Cannot read "${files.location}": its manifest.json lists ${image.Layers.length} layers, the config ${diffIds.length}`,
    );
  }
  const blobs = new Map<Digest, ByteSource>([[config.descriptor.digest, bytesSource(config.bytes)]]);
  const layers: Descriptor[] = [];
  for (const [index, diffId] of diffIds.entries()) {
    const source = await findOrThrow(files, image.Layers[index] ?? '');
    const layer = await describeLayer(source, diffId, options);
    blobs.set(layer.digest, source);
    layers.push(layer);
  }
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config: config.descriptor, layers };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  const digest = parseDigest(`sha256:${digestHex('sha256', bytes)}`);
  return { descriptor: { mediaType: mediaTypes.imageManifest, digest, size: bytes.byteLength }, bytes, blobs };
}

async function describeLayer(source: ByteSource, diffId: Digest, { signal }: RequestOptions): Promise<Descriptor> {
  const start = await readAll(source.open({ end: Math.min(4, source.size), signal }), 4, 'a layer');
  const mediaType = layerTypes.find(([magic]) => magic.every((byte, index) => start[index] === byte))?.[1];
  if (mediaType === undefined) return { mediaType: mediaTypes.layer, digest: diffId, size: source.size };
  const hasher = createHasher('sha256');
  for await (const chunk of source.open({ signal })) hasher.update(chunk);
  return { mediaType, digest: parseDigest(`sha256:${hasher.hex()}`), size: source.size };
}

const layerTypes: readonly (readonly [magic: readonly number[], mediaType: string])[] = [
  [[0x1f, 0x8b], mediaTypes.layerGzip],
  [[0x28, 0xb5, 0x2f, 0xfd], mediaTypes.layerZstd],
];

async function findOrThrow(files: LayoutFiles, name: string): Promise<ByteSource> {
  const file = await files.find(name);
  if (file) return file;
  throw new RegistryError(
    'archive-invalid',
    `Cannot read "${files.location}": its manifest.json names ${JSON.stringify(name.slice(0, 200))}, which is not there`,
  );
}
