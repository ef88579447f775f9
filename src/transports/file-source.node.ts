import { type FileHandle, open } from 'node:fs/promises';
import { RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { ByteSource, ByteStream, OpenOptions } from '../streams/byte-source.ts';
import { isMissingFile, toFileError } from './file-error.node.ts';

/** An open file. */
export interface OpenFile {
  /** By ranges, any number side by side; fails with `archive-truncated` where the file has become shorter. */
  readonly source: ByteSource;
  close(): Promise<void>;
}

/** Large enough that a read, which another thread does, costs little beside digesting or sending what it gives. */
const chunkBytes = 1024 * 1024;

/**
 * Opens a regular file for reading. It stays the same file when another takes its name.
 * @returns undefined where there is none
 * @throws RegistryError `input-invalid`
 */
export async function openFile(path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stats = await handle.stat();
    if (!stats.isFile()) throw new RegistryError('input-invalid', `Cannot read ${JSON.stringify(path)}: it is no regular file`);
    return { source: createFileSource(handle, path, stats.size), close: handle.close.bind(handle) };
  } catch (error) {
    await handle?.close();
    if (isMissingFile(error)) return undefined;
    throw toFileError(error, 'read', path);
  }
}

/**
 * A source over a file that is opened only while it is read, so that many sources hold no files open.
 * @throws RegistryError `input-missing`, `input-invalid` when read
 */
export function fileSource(path: string, size: number): ByteSource {
  const openLate = async function* (options: OpenOptions = {}): ByteStream {
    const file = await openFile(path);
    if (file === undefined)
      throw new RegistryError('input-missing', `Cannot read ${JSON.stringify(path)}: there is no such file or folder`);
    try {
      yield* file.source.open({ ...options, end: Math.min(options.end ?? size, size) });
    } finally {
      await file.close();
    }
  };
  return { size, seekable: true, findFile: async () => ({ path, start: 0, end: size }), open: openLate };
}

/** The file behind a handle, which whoever opened it closes. */
export function createFileSource(handle: FileHandle, path: string, size: number): ByteSource {
  return {
    size,
    seekable: true,
    findFile: async () => ({ path, start: 0, end: size }),
    open: (options) => readRange(handle, path, { start: 0, end: size, ...options }),
  };
}

async function* readRange(handle: FileHandle, path: string, { start = 0, end = 0, mayReuse, signal }: OpenOptions): ByteStream {
  let buffer: Uint8Array | undefined;
  for (let position = start; position < end;) {
    throwIfAborted(signal);
    const wanted = Math.min(chunkBytes, end - position);
    // A new one each time where what was given out must not change.
    if (!buffer || !mayReuse) buffer = new Uint8Array(wanted);
    const { bytesRead } = await handle.read(buffer, 0, wanted, position).catch((error: unknown) => {
      throw toFileError(error, 'read', path);
    });
    if (bytesRead === 0)
      throw new RegistryError('archive-truncated', `Cannot read ${JSON.stringify(path)}: it ends at byte ${position}, before byte ${end}`);
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
