import type { ByteStream } from '../streams/byte-source.ts';
import { type ExpectedContent, verify } from '../streams/verify.ts';

/**
 * Verifies while passing on, as `verify`, but holds the last bytes back until the whole was found right: whoever receives a body of a known length never has all of a
 * wrong one.
 * @throws RegistryError `size-mismatch`, `digest-mismatch`
 */
export async function* verifyBeforeEnd(stream: ByteStream, expected: ExpectedContent): ByteStream {
  let held: Uint8Array | undefined;
  for await (const chunk of verify(stream, expected)) {
    if (chunk.byteLength === 0) continue;
    if (held) yield held;
    held = chunk;
  }
  if (held) yield held;
}
