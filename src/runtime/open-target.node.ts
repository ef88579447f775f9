import { RegistryError } from '../errors/registry-error.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { formatPlace, type Place } from '../transports/place.ts';

/**
 * Opens the files that a place names, for writing an image; loads only the transport that it needs.
 * @throws RegistryError `reference-invalid` for a place that is no file: buckets are pushed to
 */
export async function openTarget(place: Place): Promise<ImageTarget> {
  switch (place.kind) {
    case 'oci':
      return (await import('../transports/oci-layout.node.ts')).createLayoutTarget(place);
    case 'oci-archive':
      return (await import('../transports/oci-archive.node.ts')).createOciArchiveTarget(place);
    case 'docker-archive':
      return (await import('../transports/docker-archive.node.ts')).createDockerArchiveTarget(place);
    case 'docker':
    case 'bucket':
      throw new RegistryError(
        'reference-invalid',
        `Cannot pull to "${formatPlace(place)}": wanted "oci:DIR", "oci-archive:FILE" or "docker-archive:FILE"`,
        {
          hint: place.kind === 'bucket' ? 'To copy an image into a bucket, push it.' : undefined,
        },
      );
    default:
      return place satisfies never;
  }
}
