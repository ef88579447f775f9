import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import type { ByteLease } from './byte-budget.ts';
import { chunksSource } from './chunks-source.ts';
import { type PartRange, partBytes } from './part-plan.ts';

/** A part that may be sent. */
export interface ReadyPart {
  readonly part: PartRange;
  readonly bytes: ByteSource;
  /** What it holds in memory; nothing where it is read again from a file. */
  readonly lease?: ByteLease | undefined;
}

/** Cuts a stream into parts, the budget being asked before a part's first byte is read, and reads it to its end, where `verify` has the last word. */
export async function* bufferedParts(
  stream: ByteStream,
  parts: readonly PartRange[],
  acquire: (bytes: number) => Promise<ByteLease>,
): AsyncGenerator<ReadyPart> {
  const cutter = createCutter(stream);
  try {
    for (const part of parts) {
      const lease = await acquire(partBytes(part));
      yield { part, bytes: chunksSource(await cutter.take(partBytes(part))), lease };
    }
    await cutter.finish();
  } finally {
    await cutter.close();
  }
}

interface Cutter {
  /** The next bytes, as chunks; fewer at the stream's end. */
  take(bytes: number): Promise<Uint8Array[]>;
  /** Reads what is left. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

function createCutter(stream: ByteStream): Cutter {
  const iterator = stream[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  const next = async (): Promise<boolean> => {
    const { done, value } = await iterator.next();
    if (done) return false;
    rest = value;
    return true;
  };
  return {
    async take(bytes) {
      const chunks: Uint8Array[] = [];
      let missing = bytes;
      while (missing > 0 && (rest.byteLength > 0 || (await next()))) {
        const chunk = rest.subarray(0, missing);
        rest = rest.subarray(chunk.byteLength);
        missing -= chunk.byteLength;
        if (chunk.byteLength > 0) chunks.push(chunk);
      }
      return chunks;
    },
    async finish() {
      while (await next());
    },
    close: async () => void (await iterator.return?.()),
  };
}
