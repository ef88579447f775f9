import type { Bucket, ObjectContent } from '../../src/bucket/bucket.ts';
import { aroundBucket, type BucketOperation } from '../../src/bucket/decorators/around-bucket.ts';
import type { ByteStream } from '../../src/streams/byte-source.ts';

/** How an operation goes wrong: before the store did it, after it did (the answer is lost), or within the body of a `get` or a listing, after so many bytes or entries. */
export type Fault =
  | { readonly when: 'before' | 'after'; readonly error: Error }
  | { readonly when: 'within'; readonly after: number; readonly error: Error };

/**
 * A bucket whose operations fail as `chooseFault` says, which sees each with its number, from 1. With it a test breaks the n-th request for every n, and counts
 * how many there are.
 */
export function withFaults(inner: Bucket, chooseFault: (operation: BucketOperation, count: number) => Fault | undefined): Bucket {
  let count = 0;
  const around = aroundBucket(inner, {
    async call(operation, run) {
      const fault = chooseFault(operation, ++count);
      if (fault?.when === 'before') throw fault.error;
      const result = await run();
      if (fault?.when === 'after') throw fault.error;
      if (fault?.when === 'within' && isContent(result)) return { ...result, body: breakBody(result.body, fault.after, fault.error) };
      return result;
    },
    async *iterate(operation, open) {
      const fault = chooseFault(operation, ++count);
      if (fault?.when === 'before') throw fault.error;
      let given = 0;
      for await (const entry of open()) {
        if (fault?.when === 'within' && given++ === fault.after) throw fault.error;
        yield entry;
      }
      if (fault) throw fault.error;
    },
  });
  return around;
}

function isContent(result: unknown): result is ObjectContent {
  return typeof result === 'object' && result !== null && 'body' in result;
}

async function* breakBody(body: ByteStream, after: number, error: Error): ByteStream {
  let left = after;
  for await (const chunk of body) {
    if (chunk.byteLength > left) {
      if (left > 0) yield chunk.subarray(0, left);
      throw error;
    }
    left -= chunk.byteLength;
    yield chunk;
  }
  throw error;
}
