import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { type ExpectedContent, verify } from '../streams/verify.ts';
import type { ByteBudget, ByteLease } from './byte-budget.ts';
import { chunksSource } from './chunks-source.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import { createLateParts } from './late-parts.ts';
import { beginPart, type Resending, type SendPart } from './part-attempts.ts';
import { type PartRange, partBytes } from './part-plan.ts';

export interface SendPartsOptions<R> {
  readonly budget: ByteBudget;
  readonly connections: ConnectionLimit;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that were newly sent; negative when they were sent in vain. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Sends late parts once more (see `createLateParts`). Without it each part is sent once. */
  readonly resending?: Resending<R> | undefined;
}

/**
 * Sends a source of known digest in parts, over many connections at once, and resolves with each part's result, in their order, only after the size and the digest of the
 * whole were found right. What to make visible, and when, is the caller's: before this resolves nothing may be.
 *
 * One reader goes through the source from its first byte to its last, digests every byte once, cuts the stream into parts within the byte budget and hands each to a free
 * connection. So the bytes that are sent are the very bytes that were digested: a file that is rewritten while it is read cannot bring in others, which it could if
 * each part were opened on its own; and a source without ranges (a registry) is as fast as a file.
 *
 * On the first failure reading stops, what is being sent is aborted and waited for, and the failure is thrown; the parts that were sent stay where they are.
 * @throws RegistryError `size-mismatch`, `digest-mismatch`, and whatever the source or `send` throws
 */
export async function sendParts<R>(
  source: ByteSource,
  expected: ExpectedContent,
  parts: readonly PartRange[],
  send: SendPart<R>,
  options: SendPartsOptions<R>,
): Promise<R[]> {
  const { budget, connections, signal, onProgress, resending } = options;
  const failure = new AbortController();
  const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const turn = connections.takeTurn();
  const results: R[] = [];
  const held = new Set<ByteLease>();
  const late = resending && createLateParts<R>(expected.size, connections, resending.clock);
  let watching: Promise<void> | undefined;

  const acquire = async (bytes: number): Promise<ByteLease> => {
    const lease = await budget.acquire(bytes, stop, turn);
    held.add(lease);
    return lease;
  };
  const sendOne = async ({ part, bytes, lease }: ReadPart): Promise<void> => {
    try {
      const attempts = beginPart(part, bytes, { send, connections, turn, signal: stop, onProgress, resending });
      late?.add(attempts);
      if (part === parts.at(-1)) watching = late?.watch(stop);
      results[part.partNumber - 1] = await attempts.result;
    } catch (error) {
      failure.abort(error);
      throw error;
    } finally {
      held.delete(lease);
      lease.release();
    }
  };
  try {
    const read = readParts(verify(source.open({ signal: stop }), expected), parts, acquire);
    await forEachConcurrently(read, Infinity, sendOne, signal);
    return results;
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  } finally {
    await watching;
    for (const lease of held) lease.release();
  }
}

interface ReadPart {
  readonly part: PartRange;
  readonly bytes: ByteSource;
  readonly lease: ByteLease;
}

/** Cuts a stream into parts, the budget being asked before a part's first byte is read, and reads it to its end, where `verify` has the last word. */
async function* readParts(
  stream: ByteStream,
  parts: readonly PartRange[],
  acquire: (bytes: number) => Promise<ByteLease>,
): AsyncGenerator<ReadPart> {
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
