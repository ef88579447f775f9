import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { packTar, type TarFile } from '../archive/pack-tar.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import type { RequestOptions } from '../transfer/image-source.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { toFileError } from './file-error.node.ts';
import { fileSource } from './file-source.node.ts';
import { createLayoutWriter } from './layout-folder.node.ts';
import { temporaryPathFor, writeFileWhole } from './write-file.node.ts';

/** Where an archive goes once it is whole. */
export interface ArchiveSink {
  /** Beside this path all is gathered that goes into the archive. */
  readonly path: string;
  /** Takes the archive, or throws. */
  readonly take: (archive: ByteStream, options: RequestOptions) => Promise<void>;
}

/** An archive takes the place of a file, on whose disk it is gathered. */
export function fileSink(path: string): ArchiveSink {
  return { path, take: (archive, options) => writeFileWhole(path, archive, options) };
}

/** An archive that becomes no file here is gathered in the system's temporary folder. */
export function streamSink(take: ArchiveSink['take']): ArchiveSink {
  return { path: join(tmpdir(), 'archive'), take };
}

/** What archives of images differ in. */
export interface ArchiveTargetOptions {
  readonly sink: ArchiveSink;
  readonly location: string;
  readonly takes: ImageTarget['takes'];
  /** Writes into the folder what names the root, once all its content is there. */
  readonly finish: (folder: string, root: Descriptor, options: RequestOptions) => Promise<void>;
}

/**
 * Writes an image as a tar of a layout. Content arrives side by side and in any order, but a tar is written front to back, and the same image should give the same bytes:
 * so all is gathered in a folder first, then packed in the order of names and handed to the sink: a file that was there stays until the new one is whole. Whatever fails, the
 * folder goes.
 */
export function createArchiveTarget({ sink, location, takes, finish }: ArchiveTargetOptions): ImageTarget {
  return {
    location,
    takes,
    async begin() {
      const folder = temporaryPathFor(sink.path);
      await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
        throw toFileError(error, 'write', sink.path);
      });
      const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
      return {
        ...createLayoutWriter(folder),
        settle: async () => 'settled',
        async commit(root, options = {}) {
          await finish(folder, root, options);
          await sink.take(packTar(await listFiles(folder), options.signal), options);
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
