import type { FileHandle } from 'node:fs/promises';
import { BucketError } from '../../errors/bucket-error.ts';
import { throwIfAborted } from '../../errors/registry-error.ts';
import type { ByteStream } from '../../streams/byte-source.ts';

const chunkBytes = 256 * 1024;

/**
 * The bytes of an open file from `start` up to `end`, once. The file is closed at the end, at a failure, and when the reader leaves, also before its first chunk: so this is
 * no generator, which would not know of a reader that leaves before it began.
 */
export function openFileBody(handle: FileHandle, start: number, end: number, signal: AbortSignal | undefined): ByteStream {
  let position = start;
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= handle.close());

  const readNext = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (closing) return { done: true, value: undefined };
    try {
      throwIfAborted(signal);
      if (position < end) {
        const buffer = new Uint8Array(Math.min(chunkBytes, end - position));
        const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, position);
        if (bytesRead === 0) throw cutShort(position, end);
        position += bytesRead;
        return { done: false, value: buffer.subarray(0, bytesRead) };
      }
    } catch (error) {
      await close();
      throw error;
    }
    await close();
    return { done: true, value: undefined };
  };

  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next: readNext,
    async return() {
      await close();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

/** Somebody else changed the file in its place, which a directory bucket never does. */
function cutShort(position: number, end: number): BucketError {
  return new BucketError('response-invalid', `Cannot read on: the file ended at byte ${position}, wanted ${end}`);
}
