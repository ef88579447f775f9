import type { ByteStream } from '../streams/byte-source.ts';

/** Bytes of a stream that are compressed as one job. */
export interface Block {
  readonly bytes: Uint8Array;
  /** Whether the stream ends with it. The last block is the only one that may be short; it is empty where the stream's size is a multiple of the block's. */
  readonly isLast: boolean;
}

/** Cuts a stream into blocks of one size, wherever its chunks end: what is made of the blocks depends on the bytes alone. */
export async function* cutBlocks(stream: ByteStream, blockBytes: number): AsyncGenerator<Block> {
  let block = new Uint8Array(blockBytes);
  let filled = 0;
  for await (const chunk of stream) {
    for (let taken = 0; taken < chunk.byteLength;) {
      const piece = chunk.subarray(taken, taken + blockBytes - filled);
      block.set(piece, filled);
      filled += piece.byteLength;
      taken += piece.byteLength;
      if (filled < blockBytes) continue;
      yield { bytes: block, isLast: false };
      block = new Uint8Array(blockBytes);
      filled = 0;
    }
  }
  yield { bytes: block.subarray(0, filled), isLast: true };
}
