import type { ByteSource, ByteStream } from '../streams/byte-source.ts';

/** A source over chunks in memory, as they came, so that no byte is copied to make them one array. */
export function chunksSource(chunks: readonly Uint8Array[]): ByteSource {
  const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  return { size, seekable: true, open: ({ start = 0, end = size } = {}) => sliceChunks(chunks, start, end) };
}

async function* sliceChunks(chunks: readonly Uint8Array[], start: number, end: number): ByteStream {
  let offset = 0;
  for (const chunk of chunks) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, chunk.byteLength);
    if (from < to) yield chunk.subarray(from, to);
    offset += chunk.byteLength;
  }
}
