import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Descriptor } from '../oci/descriptor.ts';
import { bytesSource, type ByteSource } from '../streams/byte-source.ts';
import { verify, verifyBytes } from '../streams/verify.ts';
import type { ImageWriter } from '../transfer/image-target.ts';
import { isMissingFile, toFileError } from './file-error.node.ts';
import { fileSource } from './file-source.node.ts';
import { blobFileName, type LayoutFiles } from './layout-files.ts';
import { addToIndex, layoutFileBytes } from './layout-index.ts';
import { writeFileWhole } from './write-file.node.ts';
import { writeFileScattered } from './write-scattered.node.ts';

/** The files of a layout in a folder. */
export function openLayoutFolder(path: string, location: string): LayoutFiles {
  return {
    location,
    find: (name) => findFile(join(path, name)),
    close: async () => undefined,
  };
}

/** Writes content into a layout; what makes an image visible there is `addLayoutImage`. */
export type LayoutWriter = Pick<ImageWriter, 'hasSubtree' | 'hasBlob' | 'putBlob' | 'putManifest'>;

/** Writes blobs and manifests, each whole or not at all, under their digests. */
export function createLayoutWriter(path: string): LayoutWriter {
  const pathOf = ({ digest }: Descriptor): string => join(path, blobFileName(digest));
  return {
    // A layout may have a manifest without all that is below it; to look at each blob costs next to nothing.
    hasSubtree: async () => false,
    hasBlob: async (blob) => (await findFile(pathOf(blob)))?.size === blob.size,
    putBlob: (blob, bytes, options = {}) =>
      bytes.scatter
        ? writeFileScattered(pathOf(blob), blob, bytes.scatter, options)
        : writeFileWhole(pathOf(blob), verify(bytes.open({ signal: options.signal }), blob), options),
    async putManifest(manifest, bytes, options) {
      await verifyBytes(bytes, manifest);
      await writeFileWhole(pathOf(manifest), bytesSource(bytes).open(), options);
    },
  };
}

/**
 * Makes an image visible in a layout, beside those that are there. Order: `oci-layout`, then `index.json`, which is replaced whole: a crash leaves the old list. Of two processes that add
 * to one layout at once, one addition may be lost: a layout knows no lock.
 */
export async function addLayoutImage(
  path: string,
  root: Descriptor,
  annotations: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const options = { signal };
  await writeFileWhole(join(path, 'oci-layout'), bytesSource(layoutFileBytes).open(), options);
  const index = addToIndex(await readIfThere(join(path, 'index.json')), root, annotations);
  await writeFileWhole(join(path, 'index.json'), bytesSource(index).open(), options);
}

/** Makes a folder, with those above it. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw toFileError(error, 'write', path);
  });
}

async function findFile(path: string): Promise<ByteSource | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? fileSource(path, stats.size) : undefined;
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw toFileError(error, 'read', path);
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw toFileError(error, 'read', path);
  }
}
