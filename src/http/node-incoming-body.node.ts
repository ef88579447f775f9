import type { IncomingMessage } from 'node:http';
import { abortError } from '../errors/registry-error.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { toConnectionError, toTimeoutError } from './connection-error.ts';
import type { HttpRequest } from './http-client.ts';

interface IncomingContext {
  readonly request: HttpRequest;
  readonly idleTimeoutMs: number;
  /** Called once: when the body was read to its end (true), failed or was left (false). */
  end(isFinished: boolean): void;
}

/**
 * The body of an answer. The time without a byte counts only while somebody waits for one: a slow reader is not the server's fault. One that was left before it was begun is
 * closed as well, which a generator would not do.
 */
export function readIncomingBody(incoming: IncomingMessage, context: IncomingContext): ByteStream {
  // Node's own timeout has done its work: it would also count the reader's time
  incoming.socket.setTimeout(0);
  // The iterator throws what happens while it is read; this is for what happens before and after
  incoming.on('error', () => {});
  return { [Symbol.asyncIterator]: () => iterateIncoming(incoming, context) };
}

function iterateIncoming(incoming: IncomingMessage, context: IncomingContext): AsyncIterator<Uint8Array> {
  const { request, idleTimeoutMs } = context;
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  const onIdle = (): void => void incoming.destroy(toTimeoutError(request.url, 'no further byte of the answer came', idleTimeoutMs));
  return {
    async next() {
      const timer = setTimeout(onIdle, idleTimeoutMs);
      try {
        const result = await chunks.next();
        if (result.done) context.end(true);
        return result;
      } catch (error) {
        context.end(false);
        throw request.signal?.aborted ? abortError(request.signal) : toConnectionError(error, request.url);
      } finally {
        clearTimeout(timer);
      }
    },
    async return() {
      incoming.destroy();
      context.end(false);
      return { done: true, value: undefined };
    },
  };
}
