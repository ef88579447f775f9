import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { throwIfAborted } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { toFileError } from './file-error.node.ts';

/** How a file is written. */
export interface WriteFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes written. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Names begun so are of writes under way, or of a writer that crashed; no reader looks at them. */
const temporaryPrefix = '.bucketry-';

/** A new name beside a file, for what is to take its place. */
export function temporaryPathFor(path: string): string {
  return join(dirname(path), `${temporaryPrefix}${randomBytes(6).toString('hex')}-${basename(path).slice(0, 64)}`);
}

/**
 * Writes a file so that at any moment, and after a crash, there is the whole of it or what was there before (see `replaceFile`). What the stream throws comes through, and nothing is left.
 * @throws CodedError `output-failed`, `storage-full`, `storage-read-only`
 */
export function writeFileWhole(path: string, bytes: ByteStream, { signal, onProgress }: WriteFileOptions = {}): Promise<void> {
  return replaceFile(path, async (file) => {
    for await (const chunk of bytes) {
      throwIfAborted(signal);
      await file.writeFile(chunk);
      onProgress?.(chunk.byteLength);
    }
  });
}

/** Lets a new file be filled beside a path, then flushes it to the disk and gives it that name. What `fill` throws comes through, and nothing is left. */
export async function replaceFile(path: string, fill: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = temporaryPathFor(path);
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx+');
    try {
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw toFileError(error, 'write', path);
  }
}

/** Flushes a folder, so that a rename in it outlasts a crash; not everywhere can folders be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}
