import { RegistryError } from '../errors/registry-error.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import type { RegistryReference } from '../oci/reference.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { formatPlace, type Place } from '../transports/place.ts';

/**
 * Opens the files, the engine or the registry that a place names, for writing an image; loads only the transport that it needs. Closing it closes all that was opened for it.
 * @throws RegistryError `reference-invalid` for a bucket, which is pushed to, and for a digest, which nobody can choose
 */
export async function openTarget(place: Place, options: ConnectionOptions): Promise<ImageTarget> {
  switch (place.kind) {
    case 'oci':
      return (await import('../transports/oci-layout.node.ts')).createLayoutTarget(place);
    case 'oci-archive':
      return (await import('../transports/oci-archive.node.ts')).createOciArchiveTarget(place);
    case 'docker-archive':
      return (await import('../transports/docker-archive.node.ts')).createDockerArchiveTarget(place);
    case 'docker-daemon': {
      const { createDockerDaemonTarget } = await import('../transports/docker-daemon.node.ts');
      const { openEnvironmentEngine } = await import('./open-docker-engine.node.ts');
      return createDockerDaemonTarget(place, await openEnvironmentEngine(options.environment));
    }
    case 'docker':
      return openRegistryTarget(place.reference, formatPlace(place), options);
    case 'bucket':
      throw new RegistryError(
        'reference-invalid',
        `Cannot pull to "${formatPlace(place)}": wanted "oci:DIR", "oci-archive:FILE", "docker-archive:FILE", "docker-daemon:NAME" or "docker://HOST/NAME:TAG"`,
        { hint: 'To copy an image into a bucket, push it.' },
      );
    default:
      return place satisfies never;
  }
}

async function openRegistryTarget(
  { host, repository, tag, digest }: RegistryReference,
  location: string,
  options: ConnectionOptions,
): Promise<ImageTarget> {
  if (digest !== undefined) {
    throw new RegistryError('reference-invalid', `Cannot pull to "${location}": an image goes under a tag, its digest is its own`);
  }
  const { openRemote } = await import('./open-remote.node.ts');
  const { createRegistryTarget } = await import('../transports/registry-target.ts');
  const remote = openRemote({ kind: 'registry', host }, repository, options.environment, options);
  const target = createRegistryTarget({ push: remote.push, tag, location });
  return { ...target, close: () => remote.close() };
}
