import type { ByteSource, ByteStream } from '../streams/byte-source.ts';

/**
 * Tells how many bytes of a source were taken by whoever sends it. When it is opened again, the bytes of the time before are taken back, so that the sum is what was sent
 * for good.
 */
export function countedSource(source: ByteSource, onProgress: ((bytes: number) => void) | undefined): ByteSource {
  if (!onProgress) return source;
  let counted = 0;
  const count = (bytes: number): void => {
    counted += bytes;
    if (bytes !== 0) onProgress(bytes);
  };
  async function* open(stream: ByteStream): ByteStream {
    count(-counted);
    for await (const chunk of stream) {
      yield chunk;
      count(chunk.byteLength);
    }
  }
  return { ...source, open: (options) => open(source.open(options)) };
}
