import type { ByteSource, ByteStream } from '../streams/byte-source.ts';

/** A source that knows how much of it is on its way. */
export interface CountedSource extends ByteSource {
  /** Bytes that were given out since it was last opened. */
  readonly takenBytes: number;
  /** Takes back what was counted, for what was sent in vain. */
  takeBack(): void;
}

/**
 * Tells how many bytes of a source were given to whoever sends it. When it is opened again, the bytes of the time before are taken back, so that the sum is what was sent
 * for good.
 */
export function countedSource(source: ByteSource, onProgress?: (bytes: number) => void): CountedSource {
  let takenBytes = 0;
  const count = (bytes: number): void => {
    takenBytes += bytes;
    if (bytes !== 0) onProgress?.(bytes);
  };
  async function* open(stream: ByteStream): ByteStream {
    count(-takenBytes);
    for await (const chunk of stream) {
      count(chunk.byteLength);
      yield chunk;
    }
  }
  return {
    size: source.size,
    seekable: source.seekable,
    open: (options) => open(source.open(options)),
    get takenBytes() {
      return takenBytes;
    },
    takeBack: () => count(-takenBytes),
  };
}
