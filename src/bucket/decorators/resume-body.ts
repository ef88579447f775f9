import type { ByteStream } from '../../streams/byte-source.ts';
import { chooseDelay, waitToRetry } from '../../streams/retry.ts';
import type { GetOptions, ObjectContent } from '../bucket.ts';
import type { RetryContext } from './retry-options.ts';

/**
 * A body that goes on where it broke: the rest is asked for by range, of the same version only (`ifMatch`), so that two versions are never mixed. Tries are counted from
 * the last byte that came.
 * @param reopen reads the object again; undefined where it is gone, and then the first failure stands
 */
export function resumeBody(
  first: ObjectContent,
  reopen: (options: Pick<GetOptions, 'range' | 'ifMatch'>) => Promise<ObjectContent | undefined>,
  context: RetryContext,
  signal: AbortSignal | undefined,
): ByteStream {
  const generator = readOn(first, reopen, context, signal);
  let begun = false;
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        begun = true;
        return generator.next();
      },
      // A generator that has not begun does not hear of a reader that leaves: then the body itself must.
      async return() {
        if (!begun) await first.body[Symbol.asyncIterator]().return?.();
        return generator.return(undefined);
      },
    }),
  };
}

async function* readOn(
  first: ObjectContent,
  reopen: (options: Pick<GetOptions, 'range' | 'ifMatch'>) => Promise<ObjectContent | undefined>,
  { policy, clock }: RetryContext,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const end = first.start + first.contentLength;
  let position = first.start;
  let failures = 0;
  let content: ObjectContent | undefined = first;
  while (content) {
    let failure: unknown;
    try {
      for await (const chunk of skipBytes(content.body, position - content.start)) {
        position += chunk.byteLength;
        failures = 0;
        yield chunk;
      }
      return undefined;
    } catch (error) {
      failure = error;
    }
    failures += 1;
    const delayMs = failures < policy.attempts && policy.isRetryable(failure) ? chooseDelay(failure, failures, policy, clock) : undefined;
    if (delayMs === undefined) throw failure;
    if (position === end) return undefined;
    await waitToRetry({ error: failure, attempt: failures, delayMs }, clock, signal);
    content = await reopen({ range: { start: position, end }, ifMatch: first.etag });
    if (!content) throw failure;
  }
  return undefined;
}

/** Leaves out the first bytes, for stores that answer a range with the whole object. */
async function* skipBytes(stream: ByteStream, count: number): ByteStream {
  let left = count;
  for await (const chunk of stream) {
    if (chunk.byteLength > left) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.byteLength);
  }
}
