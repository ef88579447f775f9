import { RegistryError } from '../errors/registry-error.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { createDockerArchiveTarget } from '../transports/docker-archive.node.ts';
import { createOciArchiveTarget } from '../transports/oci-archive.node.ts';
import { createLayoutTarget } from '../transports/oci-layout.node.ts';
import { formatPlace, type Place } from '../transports/place.ts';

/**
 * Opens the files that a place names, for writing an image.
 * @throws RegistryError `reference-invalid` for a place that is no file: buckets are pushed to
 */
export function openTarget(place: Place): ImageTarget {
  switch (place.kind) {
    case 'oci':
      return createLayoutTarget(place);
    case 'oci-archive':
      return createOciArchiveTarget(place);
    case 'docker-archive':
      return createDockerArchiveTarget(place);
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
