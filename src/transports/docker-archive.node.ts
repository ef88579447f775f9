import { join } from 'node:path';
import { RegistryError } from '../errors/registry-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { isImageConfigType } from '../oci/image-config.ts';
import { type ImageManifest, maxManifestBytes, parseManifest } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { formatRegistryReference, parseRegistryReference, type RegistryReference } from '../oci/reference.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import type { ImageSource, RequestOptions } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { openArchive, type OpenArchiveOptions } from './archive-file.node.ts';
import { type ArchiveSink, createArchiveTarget } from './archive-target.node.ts';
import { assembleImage, readDockerConfig } from './docker-layers.ts';
import { chooseDockerImage, type DockerImage, formatDockerManifest, parseDockerManifest } from './docker-manifest.ts';
import { addLayoutImage, openLayoutFolder } from './layout-folder.node.ts';
import { blobFileName, layoutBlob, type LayoutFiles } from './layout-files.ts';
import { refNameAnnotation } from './layout-index.ts';
import { readLayoutIndex, readLayoutManifest } from './layout-source.ts';
import { writeFileWhole } from './write-file.node.ts';
import { pathSink } from './standard-streams.node.ts';

/** An archive as `docker save` writes it. */
export interface DockerArchivePlace {
  readonly path: string;
  /** A name of the image, by Docker's habits. */
  readonly reference?: string | undefined;
}

/** By this annotation containerd, and so newer Dockers, know the name of an image that they load. */
const containerdNameAnnotation = 'io.containerd.image.name';

/**
 * Reads an image from what `docker save` wrote (`docker-archive:FILE[:REF]`), compressed or not. Since Docker 25 the archive is an image layout too: then the image keeps
 * the manifest, and the digest, that it has there (the whole index, if all of its images are there). Before, it has only config and layers, of which a manifest is made.
 * Either way uncompressed layers may be packed on the way: as they are they come from Docker's older image store, which unpacked them and forgot their digests.
 * @throws RegistryError `input-missing`, `archive-invalid`, `archive-truncated`, `tag-missing`, `reference-ambiguous`, `reference-invalid`, …
 */
export async function openDockerArchiveSource(place: DockerArchivePlace, options: OpenArchiveOptions = {}): Promise<ImageSource> {
  const reference = place.reference === undefined ? undefined : parseRegistryReference(place.reference);
  return openDockerSave(await openArchive(place.path, locationOf(place), options), reference, options);
}

/** Reads an image from the files of what `docker save` wrote; closing it closes them, as does failing. */
export async function openDockerSave(
  files: LayoutFiles,
  reference: RegistryReference | undefined,
  options: RequestOptions,
): Promise<ImageSource> {
  try {
    return await openImage(files, reference, options);
  } catch (error) {
    await files.close();
    throw error;
  }
}

/**
 * Writes an image for `docker load` (and `podman load`, `ctr image import`), in place of what the file held before: an image layout, so that its digest outlasts the way through Docker,
 * and beside it the `manifest.json` that older Dockers read. Layers stay as they are, compressed or not.
 * @throws RegistryError `reference-invalid`, …
 */
export function createDockerArchiveTarget(place: DockerArchivePlace): ImageTarget {
  const reference = place.reference === undefined ? undefined : parseRegistryReference(place.reference);
  return createDockerLoadTarget(pathSink(place.path), reference, locationOf(place));
}

/** As `createDockerArchiveTarget`, for whoever takes the archive. */
export function createDockerLoadTarget(sink: ArchiveSink, reference: RegistryReference | undefined, location: string): ImageTarget {
  return createArchiveTarget({
    sink,
    location,
    takes: 'one',
    finish: (folder, root, options) => finishArchive(folder, location, root, reference, options),
  });
}

async function openImage(files: LayoutFiles, reference: RegistryReference | undefined, options: RequestOptions): Promise<ImageSource> {
  const image = chooseDockerImage(await readDockerManifest(files, options), reference, files.location);
  const config = await readDockerConfig(files, image, options);
  const root = await findInLayout(files, config.descriptor, options);
  const close = (): Promise<void> => files.close();
  if (root !== undefined) {
    return {
      location: files.location,
      isPackable: true,
      root: async () => root,
      manifest: (descriptor, request) => readLayoutManifest(files, descriptor, request),
      blob: (blob) => layoutBlob(files, blob),
      close,
    };
  }
  const { descriptor, bytes, blobs } = await assembleImage(files, image, config, options);
  return {
    location: files.location,
    isPackable: true,
    root: async () => descriptor,
    manifest: async () => bytes,
    blob: (blob) => blobs.get(blob.digest) ?? layoutBlob(files, blob),
    close,
  };
}

async function readDockerManifest(files: LayoutFiles, { signal }: RequestOptions): Promise<readonly DockerImage[]> {
  const file = await files.find('manifest.json');
  if (file) return parseDockerManifest(await readAll(file.open({ signal }), maxManifestBytes, 'the manifest.json of the archive'));
  const isLayout = (await files.find('oci-layout')) !== undefined;
  throw new RegistryError('archive-invalid', `Cannot read "${files.location}": it has no manifest.json`, {
    hint: isLayout
      ? 'It is a tar of an image layout: write "oci-archive:FILE".'
      : 'Wanted is what "docker save" of Docker 1.10 or newer writes.',
  });
}

/** What the archive's layout has of the image with this config: its index if that is all there, else its manifest; undefined without either. */
async function findInLayout(files: LayoutFiles, config: Descriptor, options: RequestOptions): Promise<Descriptor | undefined> {
  if (!(await files.find('oci-layout')) || !(await files.find('index.json'))) return undefined;
  for (const descriptor of await readLayoutIndex(files, options)) {
    if (!isManifestType(descriptor.mediaType)) continue;
    const found = await findImage(files, descriptor, config, options);
    if (found) return found;
  }
  return undefined;
}

/** Looks at a manifest and, for an index, at those in it; not deeper, which `docker save` does not write. */
async function findImage(
  files: LayoutFiles,
  descriptor: Descriptor,
  config: Descriptor,
  options: RequestOptions,
): Promise<Descriptor | undefined> {
  const hasConfig = async (image: Descriptor): Promise<boolean> => {
    if (!(await files.find(blobFileName(image.digest)))) return false;
    const manifest = parseManifest(await readLayoutManifest(files, image, options), image.mediaType);
    return manifest.kind === 'image' && manifest.config.digest === config.digest;
  };
  if (!(await files.find(blobFileName(descriptor.digest)))) return undefined;
  const manifest = parseManifest(await readLayoutManifest(files, descriptor, options), descriptor.mediaType);
  if (manifest.kind === 'image') return manifest.config.digest === config.digest ? descriptor : undefined;
  const images = manifest.manifests.filter(({ mediaType }) => isManifestType(mediaType));
  for (const image of images) {
    if (await hasConfig(image)) return (await isWhole(files, images, options)) ? descriptor : image;
  }
  return undefined;
}

/** Whether the archive has all of these manifests and what is below each. Docker saves a many-platform index with the images that it has pulled. */
async function isWhole(files: LayoutFiles, images: readonly Descriptor[], options: RequestOptions): Promise<boolean> {
  const isThere = async ({ digest }: Descriptor): Promise<boolean> => (await files.find(blobFileName(digest))) !== undefined;
  for (const image of images) {
    if (!(await isThere(image))) return false;
    const manifest = parseManifest(await readLayoutManifest(files, image, options), image.mediaType);
    const below = manifest.kind === 'image' ? [manifest.config, ...manifest.layers] : manifest.manifests;
    for (const child of below) if (!(await isThere(child))) return false;
  }
  return true;
}

async function finishArchive(
  folder: string,
  location: string,
  root: Descriptor,
  reference: RegistryReference | undefined,
  { signal }: RequestOptions,
): Promise<void> {
  const bytes = await readLayoutManifest(openLayoutFolder(folder, location), root, { signal });
  const manifest = requireImage(parseManifest(bytes, root.mediaType), location);
  const tagged = reference && nameTag(reference);
  const image: DockerImage = {
    Config: blobFileName(manifest.config.digest),
    RepoTags: tagged && [tagged.name],
    Layers: manifest.layers.map(({ digest }) => blobFileName(digest)),
  };
  await writeFileWhole(join(folder, 'manifest.json'), bytesSource(formatDockerManifest(image)).open(), { signal });
  await addLayoutImage(folder, root, tagged ? { [containerdNameAnnotation]: tagged.name, [refNameAnnotation]: tagged.tag } : {}, signal);
}

/** A tag and the whole name of what it names, in which a digest has no place. */
function nameTag({ tag, digest: _, ...rest }: RegistryReference): { readonly name: string; readonly tag: string } | undefined {
  return tag && { name: formatRegistryReference({ ...rest, tag }), tag };
}

function requireImage(manifest: ReturnType<typeof parseManifest>, location: string): ImageManifest {
  if (manifest.kind === 'image' && isImageConfigType(manifest.config.mediaType)) return manifest;
  const found = manifest.kind === 'image' ? `an artifact of config type "${manifest.config.mediaType}"` : 'an index';
  throw new RegistryError('media-type-unsupported', `Cannot write ${found} to "${location}": wanted an image, which Docker can load`);
}

function locationOf({ path, reference }: DockerArchivePlace): string {
  return `docker-archive:${path}${reference === undefined ? '' : `:${reference}`}`;
}
