import { availableParallelism } from 'node:os';
import { constants, zstdCompress } from 'node:zlib';
import { RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { cutBlocks } from './cut-blocks.ts';
import { mapInOrder } from './map-in-order.ts';

/** How to compress. Only `level` and `frameBytes` shape the bytes that come out. */
export interface ParallelZstdOptions {
  /** 1 to 22. */
  readonly level: number;
  /** Bytes that one frame unpacks to; 2 MiB if left out. */
  readonly frameBytes?: number | undefined;
  /** Frames at once, each held twice, packed and unpacked; one more than there are cores if left out. */
  readonly jobs?: number | undefined;
}

/** Of the window that zstd looks back by default; a larger frame holds more memory and gains some hundredths of a percent. */
const defaultFrameBytes = 2 * 1024 * 1024;

/**
 * Compresses a stream to zstd frames, side by side on the thread pool. Frames in a row are one stream to whoever unpacks them (RFC 8878, section 3.1). zstd's own threads are not used:
 * they stand outside the pool, and leave it idle. The bytes depend on the input, the level and the frame size alone.
 */
export function zstdInParallel(stream: ByteStream, options: ParallelZstdOptions): ByteStream {
  const { level, frameBytes = defaultFrameBytes, jobs = availableParallelism() + 1 } = options;
  return mapInOrder(readFrames(stream, frameBytes), jobs, (bytes) => compressFrame(bytes, level));
}

async function* readFrames(stream: ByteStream, frameBytes: number): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const { bytes } of cutBlocks(stream, frameBytes)) {
    // No bytes at all are one empty frame, since nothing is no zstd.
    if (bytes.byteLength > 0 || count === 0) yield bytes;
    count += 1;
  }
}

function compressFrame(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  return new Promise((resolve, reject) => {
    zstdCompress(bytes, { params }, (error, result) => {
      if (error) reject(new RegistryError('internal', 'Cannot compress a layer with zstd', { cause: error }));
      else resolve(result);
    });
  });
}
