import type { FileHandle } from 'node:fs/promises';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { runTogether } from '../streams/concurrency.ts';
import { type ExpectedContent, verify } from '../streams/verify.ts';
import { ArrivedBytes } from './arrived-bytes.ts';
import { toFileError } from './file-error.node.ts';
import { replaceFile, type WriteFileOptions } from './write-file.node.ts';

/** Large enough that a read costs little beside digesting what it gives. */
const chunkBytes = 1024 * 1024;

/**
 * Writes a file from pieces that come in any order, each at its own position, and verifies it: what lies before the first gap is read back, out of the system's memory, and
 * digested while the rest arrives. So no byte waits in ours for those before it. As with `writeFileWhole` nothing is seen before the whole is there, and right.
 * @throws CodedError `digest-mismatch`, `size-mismatch`; what `scatter` throws; `output-failed`, `storage-full`, …
 */
export function writeFileScattered(
  path: string,
  content: ExpectedContent,
  scatter: NonNullable<ByteSource['scatter']>,
  { signal, onProgress }: WriteFileOptions = {},
): Promise<void> {
  return replaceFile(path, async (file) => {
    const arrived = new ArrivedBytes();
    const receive = async (one: AbortSignal): Promise<void> => {
      await scatter(
        async (piece, position) => {
          await writePiece(file, path, piece, position, arrived);
          onProgress?.(piece.byteLength);
        },
        { signal: one },
      );
      arrived.end();
    };
    const check = async (one: AbortSignal): Promise<void> => {
      for await (const _ of verify(readArrived(file, content.size, arrived, one), content));
    };
    await runTogether([receive, check], signal);
  });
}

/** Bytes that may have been digested are never written again: they could be others. */
async function writePiece(file: FileHandle, path: string, piece: Uint8Array, position: number, arrived: ArrivedBytes): Promise<void> {
  const end = position + piece.byteLength;
  try {
    for (let next = Math.max(position, arrived.front); next < end;) {
      next += (await file.write(piece, next - position, end - next, next)).bytesWritten;
    }
  } catch (error) {
    throw toFileError(error, 'write', path);
  }
  arrived.add(position, end);
}

async function* readArrived(file: FileHandle, size: number, arrived: ArrivedBytes, signal: AbortSignal): ByteStream {
  const buffer = new Uint8Array(Math.min(chunkBytes, size));
  for (let position = 0; position < size;) {
    await arrived.waitFor(Math.min(position + chunkBytes, size), signal);
    const { bytesRead } = await file.read(buffer, 0, Math.min(chunkBytes, arrived.front - position), position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
