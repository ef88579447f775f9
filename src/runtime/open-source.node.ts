import { RegistryError } from '../errors/registry-error.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { ImageSource } from '../transfer/image-source.ts';
import { formatPlace } from '../transports/place.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { listTags } from './list-tags.node.ts';
import { openBucket } from './open-bucket.node.ts';
import type { OpenBucketOptions } from './open-bucket-options.ts';
import type { RemoteAddress } from './open-remote.node.ts';
import type { ResolvedBucketPlace, ResolvedPlace } from './resolve-place.node.ts';

/** Opens the image that a place names; loads only the transport that it needs. Closing it closes all that was opened for it. */
export async function openSource(place: ResolvedPlace, options: OpenBucketOptions): Promise<ImageSource> {
  const { signal } = options;
  switch (place.kind) {
    case 'oci':
      return (await import('../transports/oci-layout.node.ts')).openLayoutSource(place);
    case 'oci-archive':
      return (await import('../transports/oci-archive.node.ts')).openOciArchiveSource(place, { signal });
    case 'docker-archive':
      return (await import('../transports/docker-archive.node.ts')).openDockerArchiveSource(place, { signal });
    case 'docker-daemon': {
      const { openDockerDaemonSource } = await import('../transports/docker-daemon.node.ts');
      const { openEnvironmentEngine } = await import('./open-docker-engine.node.ts');
      return openDockerDaemonSource(place, await openEnvironmentEngine(options.environment), { signal });
    }
    case 'docker': {
      const { host, repository, tag, digest } = place.reference;
      return openRemoteSource({ kind: 'registry', host }, repository, digest ?? tag ?? 'latest', formatPlace(place), options);
    }
    case 'bucket':
      return openBucketSource(place, options);
    default:
      return place satisfies never;
  }
}

async function openBucketSource(place: ResolvedBucketPlace, options: OpenBucketOptions): Promise<ImageSource> {
  const { address, repository } = place;
  const location = formatPlace(place);
  const reference = place.digest ?? place.tag;
  if (repository === undefined) throw ambiguous(location, '"bucketry ls" lists the repositories of a bucket.');
  if (reference === undefined) throw ambiguous(location, describeTags(await listTags({ ...place, repository }, options)));
  if ('host' in address) {
    return openRemoteSource(address, repository, reference, location, options);
  }
  const { createBucketSource } = await import('../transports/bucket-source.ts');
  const { openRepository } = await import('../registry/repository.ts');
  const bucket = await openBucket(address, options);
  const source = createBucketSource(openRepository(bucket, repository, options.engine), { reference, location });
  return { ...source, close: () => bucket.close() };
}

async function openRemoteSource(
  address: RemoteAddress,
  name: RepositoryName,
  reference: string,
  location: string,
  options: ConnectionOptions,
): Promise<ImageSource> {
  const { openRemote } = await import('./open-remote.node.ts');
  const { createRegistrySource } = await import('../transports/registry.ts');
  const remote = openRemote(address, name, options.environment, options);
  const source = createRegistrySource({ repository: remote.repository, reference, location });
  return { ...source, close: () => remote.close() };
}

/** A pull needs a tag or a digest: `latest` is a habit of registries, not of buckets. */
function ambiguous(location: string, hint: string): RegistryError {
  return new RegistryError('reference-ambiguous', `Cannot tell which image "${location}" is: wanted …/NAME:TAG or …/NAME@DIGEST`, { hint });
}

const maxNamedTags = 20;

function describeTags(tags: readonly string[]): string {
  if (tags.length === 0) return 'There is no tag in it.';
  const more = tags.length > maxNamedTags ? `, … (${tags.length} in all)` : '';
  return `Its tags are ${tags.slice(0, maxNamedTags).join(', ')}${more}.`;
}
