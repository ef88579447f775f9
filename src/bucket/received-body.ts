import { BucketError } from '../errors/bucket-error.ts';
import { RegistryError, throwIfAborted } from '../errors/registry-error.ts';
import type { ByteSource, ByteStream } from '../streams/byte-source.ts';
import { createHasher } from '../streams/hasher.ts';

/** What was learned of a body when its last byte had passed. */
export interface ReceivedBody {
  readonly size: number;
  /** Lower-case hex. */
  readonly digest: string;
}

/**
 * Passes a body on to `write`, chunk by chunk, for adapters that are their own store: hashes it, stops when the signal aborts, and refuses a body that is not of the size
 * it said or not of the SHA-256 wanted. What was written of a refused body the caller takes back.
 * @param digestAlgorithm of the digest that is returned
 * @throws RegistryError `size-mismatch`, `aborted`
 * @throws BucketError `checksum-mismatch`
 */
export async function receiveBody(
  what: string,
  body: ByteSource,
  write: (chunk: Uint8Array) => void | Promise<void>,
  options: { readonly digestAlgorithm: 'md5' | 'sha256'; readonly sha256?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<ReceivedBody> {
  const { digestAlgorithm, sha256, signal } = options;
  const hasher = createHasher(digestAlgorithm);
  const checker = digestAlgorithm === 'sha256' || sha256 === undefined ? hasher : createHasher('sha256');
  let size = 0;
  for await (const chunk of abortable(body.open({ signal }), signal)) {
    size += chunk.byteLength;
    if (size > body.size) break;
    hasher.update(chunk);
    if (checker !== hasher) checker.update(chunk);
    await write(chunk);
  }
  throwIfAborted(signal);
  if (size !== body.size) {
    const found = size > body.size ? `more than ${body.size}` : String(size);
    throw new RegistryError('size-mismatch', `Cannot store ${what}: ${found} bytes received, ${body.size} wanted`);
  }
  if (sha256 !== undefined && checker.hex() !== sha256.toLowerCase()) {
    throw new BucketError('checksum-mismatch', `Cannot store ${what}: its SHA-256 is ${checker.hex()}, wanted ${sha256}`);
  }
  return { size, digest: hasher.hex() };
}

/** Fails before the next chunk once the signal is aborted, though the stream itself may not look at it. */
export async function* abortable(stream: ByteStream, signal: AbortSignal | undefined): ByteStream {
  throwIfAborted(signal);
  for await (const chunk of stream) {
    throwIfAborted(signal);
    yield chunk;
  }
}
