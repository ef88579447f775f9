import type { ImageSource } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { openArchive, type OpenArchiveOptions } from './archive-file.node.ts';
import { createArchiveTarget } from './archive-target.node.ts';
import { addLayoutImage } from './layout-folder.node.ts';
import { refNameAnnotation } from './layout-index.ts';
import { createLayoutSource } from './layout-source.ts';
import type { LayoutPlace } from './oci-layout.node.ts';
import { pathSink } from './standard-streams.node.ts';

/**
 * Reads an image from a tar of a layout (`oci-archive:FILE[:REF]`), compressed or not.
 * @throws RegistryError `input-missing`, `archive-invalid`, `archive-truncated`
 */
export async function openOciArchiveSource(place: LayoutPlace, options?: OpenArchiveOptions): Promise<ImageSource> {
  return createLayoutSource(await openArchive(place.path, locationOf(place), options), place.reference);
}

/** Writes an image as a tar of a layout, in place of what the file held before. */
export function createOciArchiveTarget(place: LayoutPlace): ImageTarget {
  const { path, reference } = place;
  const annotations = reference === undefined ? {} : { [refNameAnnotation]: reference };
  return createArchiveTarget({
    sink: pathSink(path),
    location: locationOf(place),
    takes: 'graph',
    finish: (folder, root, { signal }) => addLayoutImage(folder, root, annotations, signal),
  });
}

function locationOf({ path, reference }: LayoutPlace): string {
  return `oci-archive:${path}${reference === undefined ? '' : `:${reference}`}`;
}
