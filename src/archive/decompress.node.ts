import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { CodedError } from '../errors/coded-error.ts';
import { abortError, RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';

/** How a file is compressed, by its first bytes. `other`: by something that is known but not read here. */
export type Compression = 'gzip' | 'zstd' | 'other';

const magics: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['other', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['other', [0x42, 0x5a, 0x68]],
];

/** Bytes at the start of a file that `detectCompression` looks at. */
export const compressionMagicBytes = 6;

/** What a file's first bytes say of its compression; undefined for none that is known. */
export function detectCompression(start: Uint8Array): Compression | undefined {
  return magics.find(([, magic]) => magic.every((byte, index) => start[index] === byte))?.[0];
}

/**
 * Decompresses while it is read; many gzip members in a row are one stream.
 * @param maxBytes most bytes that may come out: what protects from a small file that grows without end
 * @throws RegistryError `archive-truncated`, `archive-invalid`
 */
export async function* decompress(
  compressed: ByteStream,
  compression: 'gzip' | 'zstd',
  maxBytes: number,
  signal?: AbortSignal,
): ByteStream {
  const unpacker: Transform = compression === 'gzip' ? createGunzip() : createZstdDecompress();
  const input = Readable.from(compressed, { objectMode: false });
  const ended = pipeline(input, unpacker, signal ? { signal } : {});
  // Whoever reads the output sees the failure; this only keeps it from counting as unhandled while they have not.
  ended.catch(() => undefined);
  try {
    let size = 0;
    for await (const chunk of unpacker as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > maxBytes) throw new RegistryError('archive-invalid', `Cannot unpack the archive: it grows past ${maxBytes} bytes`);
      yield chunk;
    }
    await ended;
  } catch (error) {
    throw toCodedError(error, compression, signal);
  } finally {
    unpacker.destroy();
    input.destroy();
  }
}

function toCodedError(error: unknown, compression: string, signal: AbortSignal | undefined): unknown {
  if (error instanceof CodedError) return error;
  if (signal?.aborted) return abortError(signal);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isShort = code === 'Z_BUF_ERROR' || (error instanceof Error && error.message.includes('unexpected end of file'));
  return isShort
    ? new RegistryError('archive-truncated', `Cannot unpack the archive: its ${compression} data ends too early`, {
        cause: error,
        hint: 'Copy or download it again.',
      })
    : new RegistryError('archive-invalid', `Cannot unpack the archive: its ${compression} data is damaged`, { cause: error });
}
