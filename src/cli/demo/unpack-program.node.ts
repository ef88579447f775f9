import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { indexTar } from '../../archive/tar-index.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { parseManifest } from '../../oci/manifest.ts';
import { readAll } from '../../streams/read-all.ts';
import { verify } from '../../streams/verify.ts';
import type { ImageSource } from '../../transfer/image-source.ts';

const maxLayerBytes = 1024 * 1024;

/** The program of an image of the demo (one platform, one layer, one file), every byte verified. */
export async function unpackProgram(image: ImageSource, signal: AbortSignal): Promise<Uint8Array> {
  const root = await image.root({ signal });
  const manifest = parseManifest(await image.manifest(root, { signal }), root.mediaType);
  const layer = manifest.kind === 'image' ? manifest.layers[0] : undefined;
  if (!layer) throw new RegistryError('internal', `Cannot unpack "${root.digest}": wanted an image with one layer`);
  const bytes = await readAll(verify(image.blob(layer).open({ signal }), layer), maxLayerBytes, `the layer "${layer.digest}"`);
  const tar = await indexTar(bytesSource(gunzipSync(bytes, { maxOutputLength: maxLayerBytes })), signal);
  const file = tar.find(tar.names[0] ?? '');
  if (!file) throw new RegistryError('internal', `Cannot unpack "${layer.digest}": it holds no file`);
  return readAll(file.open({ signal }), maxLayerBytes, "the demo's program");
}

/**
 * Runs a program for Linux from a file in `folder`.
 * @returns what it printed; undefined where this machine does not run such programs
 */
export async function executeProgram(program: Uint8Array, folder: string, signal: AbortSignal): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const path = join(folder, 'program');
  await writeFile(path, program, { mode: 0o755 });
  const { stdout } = await promisify(execFile)(path, [], { signal, timeout: 10_000, encoding: 'utf8' });
  return stdout;
}
