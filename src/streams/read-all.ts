import { RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from './byte-source.ts';

/**
 * Reads a small stream whole, never more than `maxBytes`.
 * @param what named in the error, such as "the manifest of …"
 * @throws RegistryError `size-mismatch` when there is more
 */
export async function readAll(stream: ByteStream, maxBytes: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new RegistryError('size-mismatch', `Cannot read ${what}: it has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(chunks, size);
}

/** One array of many. */
export function concatBytes(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
