import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isImageConfigType, maxImageConfigBytes, parseImageConfig } from '../oci/image-config.ts';
import { parseJsonObject } from '../oci/parse-json.ts';
import { artifactTypeOf, type ImageManifest, listChildren, type Manifest, parseManifest } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import { readAll } from '../streams/read-all.ts';
import { verify, verifyBytes } from '../streams/verify.ts';
import type { ImageSource } from '../transfer/image-source.ts';

/** One manifest of an image. */
export interface ImageDescription {
  readonly digest: string;
  readonly mediaType: string;
  /** `os/architecture[/variant]`; absent for artifacts. */
  readonly platform?: string | undefined;
  /** What an artifact, or an attestation beside an image, says it is. */
  readonly artifactType?: string | undefined;
  readonly layers: readonly Pick<Descriptor, 'mediaType' | 'digest' | 'size'>[];
  /** Bytes of config and layers, each blob once. */
  readonly totalBytes: number;
  /** The image's config as it is; absent for artifacts. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** What a place holds. */
export interface RootDescription {
  readonly reference: string;
  readonly kind: Manifest['kind'];
  readonly digest: string;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly images: readonly ImageDescription[];
  /** Bytes of all configs and layers, each blob once, however many images share it. */
  readonly totalBytes: number;
}

const maxDepth = 4;
const concurrency = 8;

/**
 * Reads all that is below a reference, but not its layers. Every byte read is verified.
 * @throws RegistryError what the source throws; `manifest-invalid` for an index nested deeper than four levels
 */
export async function describeImage(source: ImageSource, signal: AbortSignal): Promise<RootDescription> {
  const root = await source.root({ signal });
  const manifest = await readManifest(source, root, signal);
  const found = await collectImages(source, root, manifest, signal, 0);
  const images = await mapConcurrently(found, concurrency, async (one) => describeOne(source, one, signal), signal);
  return {
    reference: source.location,
    kind: manifest.kind,
    digest: root.digest,
    mediaType: manifest.mediaType,
    annotations: manifest.annotations,
    images,
    totalBytes: sumOnce(found.flatMap(({ manifest: image }) => listChildren(image))),
  };
}

/** The bytes of a place's manifest or index, verified. */
export async function readRootBytes(source: ImageSource, signal: AbortSignal): Promise<Uint8Array> {
  const root = await source.root({ signal });
  const bytes = await source.manifest(root, { signal });
  await verifyBytes(bytes, root);
  return bytes;
}

interface FoundImage {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
}

async function collectImages(
  source: ImageSource,
  descriptor: Descriptor,
  manifest: Manifest,
  signal: AbortSignal,
  depth: number,
): Promise<FoundImage[]> {
  if (manifest.kind === 'image') return [{ descriptor, manifest }];
  if (depth >= maxDepth)
    throw new RegistryError('manifest-invalid', `Cannot describe "${descriptor.digest}": indexes are nested deeper than ${maxDepth}`);
  const children = manifest.manifests.filter((child) => isManifestType(child.mediaType));
  const below = await mapConcurrently(
    children,
    concurrency,
    async (child) => collectImages(source, child, await readManifest(source, child, signal), signal, depth + 1),
    signal,
  );
  return below.flat();
}

async function describeOne(source: ImageSource, { descriptor, manifest }: FoundImage, signal: AbortSignal): Promise<ImageDescription> {
  const bytes = isImageConfigType(manifest.config.mediaType) ? await readConfig(source, manifest.config, signal) : undefined;
  const platform = descriptor.platform ?? (bytes && parseImageConfig(bytes).platform);
  return {
    digest: descriptor.digest,
    mediaType: manifest.mediaType,
    platform: platform && formatPlatform(platform),
    // Attestations beside an image say so in the index only.
    artifactType: descriptor.annotations?.['vnd.docker.reference.type'] ?? (bytes ? manifest.artifactType : artifactTypeOf(manifest)),
    layers: manifest.layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    totalBytes: sumOnce(listChildren(manifest)),
    config: bytes && parseJsonObject(bytes, maxImageConfigBytes, `the config "${manifest.config.digest}"`),
  };
}

async function readManifest(source: ImageSource, descriptor: Descriptor, signal: AbortSignal): Promise<Manifest> {
  const bytes = await source.manifest(descriptor, { signal });
  await verifyBytes(bytes, descriptor);
  return parseManifest(bytes, descriptor.mediaType);
}

async function readConfig(source: ImageSource, descriptor: Descriptor, signal: AbortSignal): Promise<Uint8Array> {
  const stream = verify(source.blob(descriptor).open({ signal }), descriptor);
  return readAll(stream, maxImageConfigBytes, `the config "${descriptor.digest}"`);
}

function sumOnce(descriptors: readonly Descriptor[]): number {
  const sizes = new Map(descriptors.map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
