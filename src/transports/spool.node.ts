import { randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfAborted } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { toFileError } from './file-error.node.ts';
import { createFileSource, type OpenFile } from './file-source.node.ts';

/**
 * Keeps bytes that come once where they can be read by ranges: in a temporary file, whose name is taken away at once, so that its space is free again whenever this process
 * ends. Bounded by the disk, not by memory. What the stream throws comes through.
 * @throws CodedError `output-failed`, `storage-full`
 */
export async function spoolBytes(bytes: ByteStream, signal?: AbortSignal): Promise<OpenFile> {
  const path = join(tmpdir(), `bucketry-${randomBytes(8).toString('hex')}`);
  const failed = (error: unknown): never => {
    throw toFileError(error, 'write', path);
  };
  const handle = await open(path, 'wx+', 0o600).catch(failed);
  try {
    await rm(path).catch(failed);
    let size = 0;
    for await (const chunk of bytes) {
      throwIfAborted(signal);
      await handle.writeFile(chunk).catch(failed);
      size += chunk.byteLength;
    }
    // Nobody else could open it: it has no name.
    return { source: { ...createFileSource(handle, path, size), findFile: undefined }, close: () => handle.close() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A stream whose first bytes were looked at. */
export interface PeekedStream {
  /** Fewer than were asked for where it ends before. */
  readonly start: Uint8Array;
  /** All of it. */
  readonly whole: ByteStream;
  /** For who does not read it. */
  close(): Promise<void>;
}

/** Looks at the first bytes of a stream. */
export async function peek(bytes: ByteStream, count: number): Promise<PeekedStream> {
  const iterator = bytes[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < count) {
    const next = await iterator.next();
    if (next.done) break;
    // The giver may use its memory again.
    chunks.push(next.value.slice());
    length += next.value.byteLength;
  }
  async function* readWhole(): ByteStream {
    yield* chunks;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { start: Buffer.concat(chunks).subarray(0, count), whole: readWhole(), close: async () => void (await iterator.return?.()) };
}
