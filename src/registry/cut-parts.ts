import type { ByteLease } from '../parallel/byte-budget.ts';
import { chunksSource } from '../parallel/chunks-source.ts';
import type { PartRange } from '../parallel/part-plan.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';

/** A part of a stream, in memory. */
export interface CutPart {
  readonly part: PartRange;
  readonly bytes: ByteSource;
  /** Given back by whoever has done with the bytes. */
  readonly lease: ByteLease;
  /** Whether the stream ended with it. */
  readonly isLast: boolean;
}

/**
 * Cuts a stream of unknown length into parts of one size, the last of which may be smaller (and is the only one, if the stream is empty). A part is given out when it is known whether
 * another follows. No byte of a part is read before there is room for the whole of it.
 */
export async function* cutParts(
  stream: ByteStream,
  partBytes: number,
  acquire: (bytes: number) => Promise<ByteLease>,
): AsyncGenerator<CutPart, undefined> {
  let lease = await acquire(partBytes);
  let partNumber = 1;
  let chunks: Uint8Array[] = [];
  let filled = 0;
  const finish = (isLast: boolean): CutPart => {
    const start = (partNumber - 1) * partBytes;
    return { part: { partNumber, start, end: start + filled }, bytes: chunksSource(chunks), lease, isLast };
  };
  for await (const chunk of stream) {
    let rest = chunk;
    while (rest.byteLength > 0) {
      if (filled === partBytes) {
        yield finish(false);
        lease = await acquire(partBytes);
        partNumber += 1;
        chunks = [];
        filled = 0;
      }
      const piece = rest.subarray(0, partBytes - filled);
      chunks.push(piece);
      filled += piece.byteLength;
      rest = rest.subarray(piece.byteLength);
    }
  }
  yield finish(true);
}
