import { gzipSync } from 'node:zlib';
import { packTar } from '../../archive/pack-tar.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { parseDigest } from '../../oci/digest.ts';
import { mediaTypes } from '../../oci/media-types.ts';
import type { Platform } from '../../oci/platform.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { digestHex } from '../../streams/hasher.ts';
import { readAll } from '../../streams/read-all.ts';
import type { ImageSource } from '../../transfer/image-source.ts';
import { cow } from './cow.ts';
import { buildElfProgram } from './elf-program.ts';
import { machines } from './machine-code.ts';

/** The program's path within the image. */
const programPath = '/moo';
/** The layer's tar is one page. */
const maxLayerBytes = 64 * 1024;

/** Where the demo's bytes are kept until they are pushed: by digest, as everywhere. */
type Contents = Map<string, Uint8Array>;

/**
 * The demo's image: an index of linux/amd64 and linux/arm64, each with one layer that holds one static program. It has no base image, and the same bytes every time.
 */
export async function createDemoImage(): Promise<ImageSource> {
  const contents: Contents = new Map();
  const manifests: Descriptor[] = [];
  for (const architecture of ['amd64', 'arm64'] as const) manifests.push(await addManifest(contents, { os: 'linux', architecture }));
  const root = addJson(contents, mediaTypes.imageIndex, { schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests });
  const find = (descriptor: Descriptor): Uint8Array => {
    const bytes = contents.get(descriptor.digest);
    if (!bytes) throw new RegistryError('internal', `Cannot find "${descriptor.digest}" in the demo's image`);
    return bytes;
  };
  return {
    location: "the demo's image",
    root: async () => root,
    manifest: async (descriptor) => find(descriptor),
    blob: (descriptor) => bytesSource(find(descriptor)),
    close: async () => {},
  };
}

async function addManifest(contents: Contents, platform: Platform & { architecture: keyof typeof machines }): Promise<Descriptor> {
  const tar = await packProgram(buildElfProgram(machines[platform.architecture], cow));
  const config = addJson(contents, mediaTypes.imageConfig, {
    ...platform,
    config: { Entrypoint: [programPath] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digestHex('sha256', tar)}`] },
    history: [{ created_by: 'bucketry demo' }],
  });
  const layers = [addContent(contents, mediaTypes.layerGzip, gzipSync(tar))];
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers };
  return { ...addJson(contents, mediaTypes.imageManifest, manifest), platform };
}

async function packProgram(program: Uint8Array): Promise<Uint8Array> {
  const file = { name: programPath.slice(1), source: bytesSource(program), isExecutable: true };
  return readAll(packTar([file]), maxLayerBytes, "the layer of the demo's image");
}

function addJson(contents: Contents, mediaType: string, value: object): Descriptor {
  return addContent(contents, mediaType, new TextEncoder().encode(JSON.stringify(value)));
}

function addContent(contents: Contents, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = parseDigest(`sha256:${digestHex('sha256', bytes)}`);
  contents.set(digest, bytes);
  return { mediaType, digest, size: bytes.byteLength };
}
