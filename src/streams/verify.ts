import { RegistryError } from '../errors/registry-error.ts';
import type { ByteStream } from './byte-source.ts';
import { createHasher } from './hasher.ts';
import { type HashTrace, tracePoints } from './trace-points.ts';

/** What bytes must be: `algorithm:encoded` of sha256 or sha512, and their number. (The shape of a descriptor, of which this folder knows nothing.) */
export interface ExpectedContent {
  readonly digest: string;
  readonly size: number;
}

/**
 * Passes bytes on while checking them, and fails at the first byte too many, at an end too early, or at the end when the digest differs. Whoever reads must not
 * act on the bytes before the end was reached without an error.
 * @throws RegistryError `size-mismatch`, `digest-mismatch`
 */
export function verify(stream: ByteStream, expected: ExpectedContent): ByteStream {
  const [algorithm = '', encoded = ''] = expected.digest.split(':');
  return tracePoints.hash.iterate(
    (trace) => check(stream, expected, { algorithm, encoded, trace }),
    () => ({ algorithm, bytes: expected.size, busyMs: 0 }),
  );
}

interface Check {
  readonly algorithm: string;
  readonly encoded: string;
  readonly trace: HashTrace | undefined;
}

async function* check(stream: ByteStream, expected: ExpectedContent, { algorithm, encoded, trace }: Check): ByteStream {
  const hasher = createHasher(algorithm === 'sha512' ? 'sha512' : 'sha256');
  let received = 0;
  for await (const chunk of stream) {
    received += chunk.byteLength;
    if (received > expected.size) throw sizeMismatch(expected, `more than ${expected.size}`);
    const begunAtMs = trace ? performance.now() : 0;
    hasher.update(chunk);
    if (trace) trace.busyMs += performance.now() - begunAtMs;
    yield chunk;
  }
  if (received < expected.size) throw sizeMismatch(expected, String(received));
  const found = hasher.hex();
  if (found !== encoded)
    throw new RegistryError(
      'digest-mismatch',
      `Cannot accept "${expected.digest}": its ${received} bytes have the digest "${algorithm}:${found}"`,
    );
}

/**
 * Checks bytes in memory.
 * @throws RegistryError `size-mismatch`, `digest-mismatch`
 */
export async function verifyBytes(bytes: Uint8Array, expected: ExpectedContent): Promise<void> {
  for await (const _ of verify(once(bytes), expected));
}

async function* once(bytes: Uint8Array): ByteStream {
  yield bytes;
}

function sizeMismatch(expected: ExpectedContent, found: string): RegistryError {
  return new RegistryError('size-mismatch', `Cannot accept "${expected.digest}": ${found} bytes received, ${expected.size} wanted`);
}
