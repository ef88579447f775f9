import type { ByteSource } from '../streams/byte-source.ts';
import { forEachConcurrently } from '../streams/concurrency.ts';
import { type ExpectedContent, verify } from '../streams/verify.ts';
import { bufferedParts, type ReadyPart } from './buffered-parts.ts';
import type { ByteBudget, ByteLease } from './byte-budget.ts';
import type { ConnectionLimit } from './connection-limit.ts';
import type { DigestFile } from './file-digest.ts';
import { fileParts } from './file-parts.ts';
import { createLateParts } from './late-parts.ts';
import { beginPart, type Resending, type SendPart } from './part-attempts.ts';
import type { PartRange } from './part-plan.ts';

export interface SendPartsOptions<R> {
  readonly budget: ByteBudget;
  readonly connections: ConnectionLimit;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of bytes that were newly sent; negative when they were sent in vain. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Sends late parts once more (see `createLateParts`). Without it each part is sent once. */
  readonly resending?: Resending<R> | undefined;
  /** Digests files beside this thread; in it, if left out. */
  readonly digestFile?: DigestFile | undefined;
}

/** More than there are connections, so that none waits for the next part; parts that are in memory are bounded by the budget. */
const mostFilePartsBegun = 256;

/**
 * Sends a source of known digest in parts, over many connections at once, and resolves with each part's result, in their order, only after the size and the digest of the
 * whole were found right. What to make visible, and when, is the caller's: before this resolves nothing may be.
 *
 * One reader goes through the source from its first byte to its last and digests every byte once. Where reading again costs much (a registry), it cuts the stream into parts
 * within the byte budget and hands each to a free connection: the bytes that are sent are the very bytes that were digested. A file is sent beside the digesting, each part
 * read by its own connection without a place in the budget, and a proof that both readings gave the same bytes is part of what must be found right (see `fileParts`).
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
  const { budget, connections, signal, onProgress, resending, digestFile } = options;
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
  const sendOne = async ({ part, bytes, lease }: ReadyPart): Promise<void> => {
    try {
      const attempts = beginPart(part, bytes, { send, connections, turn, signal: stop, onProgress, resending });
      late?.add(attempts);
      if (part === parts.at(-1)) watching = late?.watch(stop);
      results[part.partNumber - 1] = await attempts.result;
    } catch (error) {
      failure.abort(error);
      throw error;
    } finally {
      if (lease) held.delete(lease);
      lease?.release();
    }
  };
  try {
    const isFile = source.findFile !== undefined && source.size === expected.size;
    const ready = isFile
      ? fileParts(source, expected, parts, { failure, signal: stop, digestFile })
      : bufferedParts(verify(source.open({ signal: stop }), expected), parts, acquire);
    await forEachConcurrently(ready, isFile ? mostFilePartsBegun : Infinity, sendOne, signal);
    return results;
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error;
  } finally {
    await watching;
    for (const lease of held) lease.release();
  }
}
