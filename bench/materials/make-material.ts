import { makeImage } from '../../src/bench/make-image.node.ts';
import { makeFilesArchive } from './files-archive.ts';
import { makeHolesImage } from './holes-image.ts';
import type { Material, MaterialShape } from './material.ts';

/** Makes what a scenario moves, in a folder of its own. */
export async function makeMaterial(folder: string, shape: MaterialShape, signal: AbortSignal): Promise<Material> {
  switch (shape.kind) {
    case 'noise': {
      const image = await makeImage(folder, shape, signal);
      return { ...image, source: `oci:${image.folder}:${image.tag}`, leastStoredBytes: image.bytes };
    }
    case 'holes':
      return makeHolesImage(folder, shape.bytes);
    case 'files':
      return makeFilesArchive(folder, shape.bytes, signal);
    default:
      return shape satisfies never;
  }
}
