import { stat } from 'node:fs/promises';
import { RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { ImageSource } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { toFileError } from './file-error.node.ts';
import { addLayoutImage, createLayoutWriter, makeFolder, openLayoutFolder } from './layout-folder.node.ts';
import { refNameAnnotation } from './layout-index.ts';
import { createLayoutSource } from './layout-source.ts';

/** An image layout in a folder. */
export interface LayoutPlace {
  readonly path: string;
  /** Its `org.opencontainers.image.ref.name`. */
  readonly reference?: string | undefined;
}

/**
 * Reads an image from a layout folder (`oci:DIR[:REF]`).
 * @throws RegistryError `input-missing`, `input-invalid`
 */
export async function openLayoutSource({ path, reference }: LayoutPlace): Promise<ImageSource> {
  const stats = await stat(path).catch((error: unknown) => {
    throw toFileError(error, 'read', path);
  });
  if (!stats.isDirectory()) {
    throw new RegistryError('input-invalid', `Cannot read the image layout ${JSON.stringify(path)}: it is no folder`, {
      hint: 'For a tar of a layout write "oci-archive:FILE".',
    });
  }
  return createLayoutSource(openLayoutFolder(path, locationOf({ path, reference })), reference);
}

/** Writes an image into a layout folder, which is made if need be and keeps the images it has. Blobs of a push that failed stay for the next one. */
export function createLayoutTarget(place: LayoutPlace): ImageTarget {
  const { path, reference } = place;
  return {
    location: locationOf(place),
    takes: 'graph',
    async begin() {
      await makeFolder(path);
      return {
        ...createLayoutWriter(path),
        // Nothing collects in a layout while we write.
        settle: async () => 'settled',
        async commit(root, { signal } = {}) {
          throwIfAborted(signal);
          await addLayoutImage(path, root, reference === undefined ? {} : { [refNameAnnotation]: reference }, signal);
        },
        abandon: async () => undefined,
      };
    },
    close: async () => undefined,
  };
}

function locationOf({ path, reference }: LayoutPlace): string {
  return `oci:${path}${reference === undefined ? '' : `:${reference}`}`;
}
