import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { abortError } from '../errors/registry-error.ts';

/**
 * Of a request over TLS through a proxy, Node tells nothing before the tunnel is there, and cannot end it. So the request is made with `connectTimeoutMs` as its own timeout,
 * which ends a tunnel that does not come, and gets its real one here; and who aborts is let go at once.
 */
export async function throughTunnel<T>(
  outgoing: ClientRequest,
  answered: Promise<T>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal ? abortError(signal) : new Error('aborted'));
  const release = (): void => signal?.removeEventListener('abort', onAbort);
  signal?.addEventListener('abort', onAbort, { once: true });
  outgoing.once('socket', (socket: Socket) => {
    release();
    socket.setTimeout(timeoutMs);
  });
  try {
    return await Promise.race([answered, aborted]);
  } finally {
    release();
  }
}
