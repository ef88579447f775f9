import type { ByteStream } from '../streams/byte-source.ts';

/** A body as a web stream that reads only what is asked for, and lets the bytes behind it go when it is cancelled. */
export function streamBody(body: ByteStream): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
