import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { packTar, type TarFile } from '../archive/pack-tar.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RequestOptions } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { toFileError } from './file-error.node.ts';
import { fileSource } from './file-source.node.ts';
import { createLayoutWriter } from './layout-folder.node.ts';
import { temporaryPathFor, writeFileWhole } from './write-file.node.ts';

/** What archives of images differ in. */
export interface ArchiveTargetOptions {
  readonly path: string;
  readonly location: string;
  readonly takes: ImageTarget['takes'];
  /** Writes into the folder what names the root, once all its content is there. */
  readonly finish: (folder: string, root: Descriptor, options: RequestOptions) => Promise<void>;
}

/**
 * Writes an image as a tar of a layout. Content arrives side by side and in any order, but a tar is written front to back, and the same image should give the same bytes:
 * so all is gathered in a folder beside the file first, then packed in the order of names into a temporary file, which takes the file's place. Whatever fails, the folder
 * goes and the old file stays.
 */
export function createArchiveTarget({ path, location, takes, finish }: ArchiveTargetOptions): ImageTarget {
  return {
    location,
    takes,
    async begin() {
      const folder = temporaryPathFor(path);
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        throw toFileError(error, 'write', path);
      });
      const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
      return {
        ...createLayoutWriter(folder),
        settle: async () => 'settled',
        async commit(root, options = {}) {
          await finish(folder, root, options);
          await writeFileWhole(path, packTar(await listFiles(folder), options.signal), options);
          await remove();
        },
        abandon: remove,
      };
    },
    close: async () => undefined,
  };
}

/** The files below a folder, sorted by name. */
async function listFiles(folder: string): Promise<TarFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(
    paths.map(async (path) => ({ name: relative(folder, path).split(sep).join('/'), source: fileSource(path, (await stat(path)).size) })),
  );
  return files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
