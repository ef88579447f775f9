import { availableParallelism } from 'node:os';
import { constants, crc32, deflateRaw } from 'node:zlib';
import { RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { cutBlocks } from './cut-blocks.ts';
import { formatGzipTrailer, gzipHeader } from './gzip-member.ts';
import { mapInOrder } from './map-in-order.ts';

/** How to compress. Only `level` and `blockBytes` shape the bytes that come out. */
export interface ParallelGzipOptions {
  /** 1 to 9. */
  readonly level: number;
  /** Bytes of one job; 1 MiB if left out. */
  readonly blockBytes?: number | undefined;
  /** Jobs at once, each of which holds a block and what becomes of it; two more than there are cores if left out, so that none waits while a block is read. */
  readonly jobs?: number | undefined;
}

interface Job {
  readonly bytes: Uint8Array;
  /** What comes before: the window that this block's first matches may point into. */
  readonly dictionary: Uint8Array | undefined;
  readonly isLast: boolean;
}

const mebibyte = 1024 * 1024;
/** DEFLATE looks back no further (RFC 1951). */
const windowBytes = 32 * 1024;
/** zlib writes into pieces of this size, of which the last is kept whole however little is in it. */
const outputBytes = 128 * 1024;

/**
 * Compresses a stream to one gzip member, with zlib on the thread pool: blocks side by side, each with the 32 KiB before it as its dictionary, flushed to a whole byte, and joined in
 * their order. That costs about 0.1 % over compressing in one go, and any gunzip reads it. The bytes depend on the input, the level and the block size, and not on cores, threads or
 * how the input was cut (another zlib may well find other matches).
 */
export async function* gzipInParallel(stream: ByteStream, options: ParallelGzipOptions): ByteStream {
  const { level, blockBytes = mebibyte, jobs = availableParallelism() + 2 } = options;
  const total = { crc32: 0, size: 0 };
  yield gzipHeader;
  yield* mapInOrder(readJobs(stream, blockBytes, total), jobs, (job) => deflate(job, level));
  yield formatGzipTrailer(total.crc32, total.size);
}

async function* readJobs(stream: ByteStream, blockBytes: number, total: { crc32: number; size: number }): AsyncGenerator<Job> {
  let before: Uint8Array | undefined;
  for await (const { bytes, isLast } of cutBlocks(stream, blockBytes)) {
    total.crc32 = crc32(bytes, total.crc32);
    total.size += bytes.byteLength;
    yield { bytes, isLast, dictionary: before };
    before = takeWindow(before, bytes);
  }
}

/** The last 32 KiB of what there is so far; a block may be shorter than that. */
function takeWindow(before: Uint8Array | undefined, bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength >= windowBytes || before === undefined) return bytes.subarray(-windowBytes);
  return Buffer.concat([before, bytes]).subarray(-windowBytes);
}

function deflate({ bytes, dictionary, isLast }: Job, level: number): Promise<Uint8Array> {
  const finishFlush = isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH;
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, { level, finishFlush, chunkSize: outputBytes, ...(dictionary && { dictionary }) }, (error, result) => {
      if (error) reject(new RegistryError('internal', 'Cannot compress a layer with gzip', { cause: error }));
      else resolve(result);
    });
  });
}
