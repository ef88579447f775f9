import { contentEncodingOf, type SiteAnswer } from './site-answer.ts';

/**
 * The bytes that a client is left with when it has undone the answer's `Content-Encoding`, as the clients in Go do with gzip, asked or not.
 * @param maxBytes more than these are not unpacked: a small body can become a huge one
 * @returns undefined where they cannot be told: another coding, a body that was not read whole, or one that is not gzip
 */
export async function decodeBody(answer: SiteAnswer, maxBytes: number): Promise<Uint8Array | undefined> {
  const coding = contentEncodingOf(answer);
  if (!answer.isWhole) return undefined;
  if (coding === undefined) return answer.body;
  if (coding !== 'gzip' && coding !== 'x-gzip') return undefined;
  return gunzip(answer.body, maxBytes);
}

async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array | undefined> {
  const unpacked = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = unpacked.getReader();
  const whole = new Uint8Array(maxBytes);
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return whole.slice(0, size);
      if (size + value.byteLength > maxBytes) return undefined;
      whole.set(value, size);
      size += value.byteLength;
    }
  } catch {
    return undefined;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
