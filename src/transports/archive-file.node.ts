import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressionMagicBytes, decompress, detectCompression } from '../archive/decompress.node.ts';
import { indexTar } from '../archive/tar-index.ts';
import type { CodedError } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { toFileError } from './file-error.node.ts';
import { openFile, type OpenFile } from './file-source.node.ts';
import type { LayoutFiles } from './layout-files.ts';
import { isStandardStream } from './place.ts';
import { readStandardInput } from './standard-streams.node.ts';
import { peek, type PeekedStream, spoolBytes } from './spool.node.ts';
import { writeFileWhole } from './write-file.node.ts';

/** How an archive is opened. */
export interface OpenArchiveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Most bytes that a compressed archive may unpack to; 64 GiB if left out. */
  readonly maxUnpackedBytes?: number | undefined;
}

const defaultMaxUnpackedBytes = 64 * 1024 ** 3;

/**
 * Opens a tar as files to be read by name. One that is compressed with gzip or zstd is first unpacked into the system's temporary folder, since its files could not be reached
 * otherwise than by unpacking all before them again and again; it takes as much space there until it is closed.
 * `-` is standard input (see `openArchiveStream`).
 * @throws RegistryError `input-missing`, `input-invalid`, `archive-invalid`, `archive-truncated`
 */
export async function openArchive(path: string, location: string, options: OpenArchiveOptions = {}): Promise<LayoutFiles> {
  const { signal, maxUnpackedBytes = defaultMaxUnpackedBytes } = options;
  if (isStandardStream(path)) return openArchiveStream(readStandardInput(signal), location, options);
  let file = await openOrThrow(path);
  let unpacked: string | undefined;
  const close = async (): Promise<void> => {
    await file.close();
    if (unpacked !== undefined) await rm(unpacked, { recursive: true, force: true });
  };
  try {
    const compression = await detectFileCompression(file, path, signal);
    if (compression !== undefined) {
      unpacked = await mkdtemp(join(tmpdir(), 'bucketry-'));
      const plain = join(unpacked, 'archive.tar');
      await writeFileWhole(plain, decompress(file.source.open({ signal }), compression, maxUnpackedBytes, signal), { signal });
      await file.close();
      file = await openOrThrow(plain);
    }
    const index = await indexTar(file.source, signal);
    return { location, find: async (name) => index.find(name), close };
  } catch (error) {
    await close();
    throw nameArchive(toFileError(error, 'read', path), path);
  }
}

/**
 * As `openArchive`, of bytes that come once: they are kept, unpacked, in the system's temporary folder, in a file without a name, which takes its space there until it is closed or
 * this process ends, however it ends.
 * @throws RegistryError `archive-invalid`, `archive-truncated`; what the stream throws
 */
export async function openArchiveStream(bytes: ByteStream, location: string, options: OpenArchiveOptions = {}): Promise<LayoutFiles> {
  const { signal } = options;
  const stream = await peek(bytes, compressionMagicBytes);
  const file = await spoolUnpacked(stream, location, options).catch(async (error: unknown) => {
    // What still writes into it would be waited for
    await stream.close();
    throw error;
  });
  try {
    const index = await indexTar(file.source, signal);
    return { location, find: async (name) => index.find(name), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw nameArchive(toFileError(error, 'read', location), location);
  }
}

async function spoolUnpacked(
  { start, whole }: PeekedStream,
  location: string,
  { signal, maxUnpackedBytes = defaultMaxUnpackedBytes }: OpenArchiveOptions,
): Promise<OpenFile> {
  const compression = requireKnown(detectCompression(start), location);
  return spoolBytes(compression === undefined ? whole : decompress(whole, compression, maxUnpackedBytes, signal), signal);
}

/** Whoever reads a tar knows nothing of the file that it came from. */
function nameArchive(error: CodedError, path: string): CodedError {
  if (!(error instanceof RegistryError) || !error.code.startsWith('archive-') || error.message.includes(path)) return error;
  const what = error.message.replace(/^Cannot (?:read|unpack) the archive: /, '');
  return new RegistryError(error.code, `Cannot read ${JSON.stringify(path)}: ${what}`, { cause: error, hint: error.hint });
}

async function openOrThrow(path: string): Promise<OpenFile> {
  const file = await openFile(path);
  if (file === undefined) throw new RegistryError('input-missing', `Cannot read ${JSON.stringify(path)}: there is no such file or folder`);
  return file;
}

async function detectFileCompression(
  { source }: OpenFile,
  path: string,
  signal: AbortSignal | undefined,
): Promise<'gzip' | 'zstd' | undefined> {
  const end = Math.min(compressionMagicBytes, source.size);
  return requireKnown(detectCompression(await readAll(source.open({ end, signal }), end, 'the archive')), path);
}

/** @throws RegistryError `archive-invalid` */
function requireKnown(compression: ReturnType<typeof detectCompression>, path: string): 'gzip' | 'zstd' | undefined {
  if (compression !== 'other') return compression;
  throw new RegistryError(
    'archive-invalid',
    `Cannot read the archive ${JSON.stringify(path)}: it is compressed with xz or bzip2, wanted gzip, zstd or none`,
    {
      hint: 'Unpack it first, such as with "xz -d" or "bunzip2".',
    },
  );
}
