import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { packTar } from '../../src/archive/pack-tar.ts';
import type { TarFile } from '../../src/archive/pack-tar.ts';
import { fileSource } from '../../src/transports/file-source.node.ts';
import { writeDockerArchive } from './docker-archive.ts';
import type { Material } from './material.ts';

/** What `package-lock.json` pins: scripts, declarations, maps and executables, as layers of applications have them. */
const origin = fileURLToPath(new URL('../../node_modules', import.meta.url));
/** Nothing packs such files smaller than to a tenth. */
const bestRatio = 10;
const repoTag = 'bench/files:latest';

/** An archive as `docker save` writes it, with one uncompressed layer of real files, about so many bytes of them. */
export async function makeFilesArchive(folder: string, bytes: number, signal: AbortSignal): Promise<Material> {
  await mkdir(folder, { recursive: true });
  const layerFile = join(folder, 'layer.tar');
  const diffId = createHash('sha256');
  let size = 0;
  await pipeline(
    packTar(await collectFiles(bytes), signal),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        diffId.update(chunk);
        size += chunk.byteLength;
        yield chunk;
      }
    },
    createWriteStream(layerFile),
    { signal },
  );
  const archive = join(folder, 'image.tar');
  await writeDockerArchive(archive, { layerFile, diffId: `sha256:${diffId.digest('hex')}`, repoTag }, signal);
  return {
    source: `docker-archive:${archive}`,
    folder,
    tag: 'latest',
    layerFiles: [layerFile],
    bytes: size,
    leastStoredBytes: size / bestRatio,
  };
}

/** The first files, by name, until there are enough bytes. */
async function collectFiles(bytes: number): Promise<readonly TarFile[]> {
  const entries = await readdir(origin, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !isOfTools(path));
  const files: TarFile[] = [];
  let total = 0;
  for (const path of paths.toSorted()) {
    const { size } = await stat(path);
    if (total + size > bytes) continue;
    total += size;
    files.push({ name: `files/${files.length}`, source: fileSource(path, size) });
  }
  return files;
}

/** What tools keep beside packages, in hidden folders, changes while it is read. */
function isOfTools(path: string): boolean {
  return relative(origin, path).startsWith('.');
}
