import { RegistryError } from '../errors/registry-error.ts';
import { parseTag } from '../oci/repository-name.ts';
import { parseRegistryReference } from '../oci/reference.ts';
import type { DockerEngine } from '../remote/docker-engine.node.ts';
import type { ImageSource, RequestOptions } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { openArchiveStream } from './archive-file.node.ts';
import { streamSink } from './archive-target.node.ts';
import { createDockerLoadTarget, openDockerSave } from './docker-archive.node.ts';
import { createLayoutSource } from './layout-source.ts';

/** An image of a Docker daemon. */
export interface DockerDaemonPlace {
  /** By Docker's habits: `app` is `app:latest`. As a source also an ID, or the beginning of one. */
  readonly name: string;
}

/**
 * Reads an image from a Docker daemon (`docker-daemon:NAME[:TAG]`). The daemon writes its archive once and front to back, so all of it is kept in an unnamed file of the system's
 * temporary folder first. An image of the older store has uncompressed layers and no manifest: one is made, as for `docker-archive:`; one of containerd's store keeps its digest.
 * @throws RegistryError `manifest-missing`, `engine-unavailable`, `engine-failed`, `archive-invalid`
 */
export async function openDockerDaemonSource(
  { name }: DockerDaemonPlace,
  engine: DockerEngine,
  options: RequestOptions,
): Promise<ImageSource> {
  const files = await openArchiveStream(await engine.saveImage(name, options.signal), locationOf(name), options);
  // What is no image of Docker's (an artifact, an index of other machines' images) stands in the layout alone.
  if (!(await files.find('manifest.json')) && (await files.find('oci-layout'))) return createLayoutSource(files, undefined);
  return openDockerSave(files, undefined, options);
}

/**
 * Loads an image into a Docker daemon (`docker-daemon:NAME[:TAG]`). It is gathered in the system's temporary folder, and sent as one archive once it is whole.
 * @throws RegistryError `reference-invalid` for a digest, which nobody can choose
 */
export function createDockerDaemonTarget({ name }: DockerDaemonPlace, engine: DockerEngine): ImageTarget {
  const reference = parseRegistryReference(name);
  if (reference.digest !== undefined) {
    throw new RegistryError('reference-invalid', `Cannot load an image as "${name}": wanted a name and a tag, its digest is its own`);
  }
  const tagged = { ...reference, tag: reference.tag ?? parseTag('latest') };
  return createDockerLoadTarget(
    streamSink((archive, { signal }) => engine.loadImage(archive, signal)),
    tagged,
    locationOf(name),
  );
}

function locationOf(name: string): string {
  return `docker-daemon:${name}`;
}
