import type { HttpResponse } from './http-client.ts';

/** Up to here it is cheaper to read a body than to open another connection. */
const maxDiscardedBytes = 65_536;

/** Gets rid of a body that nobody wants: a short one is read, so that the connection can be used again; a long one is left, which closes it. Never fails. */
export async function discardBody(response: HttpResponse): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > maxDiscardedBytes) return;
    }
  } catch {
    // a broken connection has nothing left to discard
  }
}
