import { BucketError } from '../errors/bucket-error.ts';
import { hasCode } from '../errors/coded-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import type { HttpResponse } from '../http/http-client.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ByteStream, OpenOptions } from '../streams/byte-source.ts';
import type { Clock } from '../streams/clock.ts';
import { patiently } from './patience.ts';
import { errorOfResponse } from './registry-errors.ts';

/** Where the bytes of blobs come from. */
export interface BlobOrigin {
  /** `HOST/NAME`, for messages. */
  readonly where: string;
  readonly clock: Clock;
  readonly attempts?: number | undefined;
  readonly get: (
    descriptor: Descriptor,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ) => Promise<HttpResponse>;
}

/** Times a blob is continued after a break without a new byte in between. */
const maxBreaks = 4;
const breakDelayMs = 250;

/** Reads a blob and, when the connection breaks, goes on from the byte that was missing: by range, or past what is there already where the registry knows none. */
export async function* readBlob(
  origin: BlobOrigin,
  descriptor: Descriptor,
  { start = 0, end = descriptor.size, signal }: OpenOptions,
): ByteStream {
  const { where, clock, attempts } = origin;
  let position = start;
  for (let breaks = 0; position < end; breaks += 1) {
    const before = position;
    try {
      const open = (): Promise<OpenedBlob> => openAt(origin, descriptor, position, end, signal);
      // A connection that broke is ours to go on from.
      const { response, from } = await patiently(open, clock, { signal, attempts, isFinal: mayContinue });
      const goesOn = Number(response.headers['content-length']) !== end - from;
      for await (const chunk of cut(response.body, { skip: position - from, length: end - position, goesOn })) {
        position += chunk.byteLength;
        yield chunk;
      }
      if (position < end)
        throw new BucketError(
          'response-invalid',
          `Cannot read blob "${descriptor.digest}" of "${where}": ${position} of ${end} bytes received`,
        );
    } catch (error) {
      if (position > before) breaks = 0;
      if (!mayContinue(error) || breaks >= Math.min(maxBreaks, attempts ?? maxBreaks)) throw error;
      await clock.sleep(clock.random() * breakDelayMs * 2 ** breaks, signal);
    }
  }
}

interface OpenedBlob {
  readonly response: HttpResponse;
  /** The first byte that it gives. */
  readonly from: number;
}

async function openAt(
  { where, clock, get }: BlobOrigin,
  descriptor: Descriptor,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<OpenedBlob> {
  const wanted: Record<string, string> = start > 0 || end < descriptor.size ? { range: `bytes=${start}-${end - 1}` } : {};
  const response = await get(descriptor, wanted, signal);
  if (response.status === 206 && response.headers['content-range']?.startsWith(`bytes ${start}-`) === true)
    return { response, from: start };
  if (response.status === 200) return { response, from: 0 };
  const failure = await errorOfResponse(response, `read blob "${descriptor.digest}" of "${where}"`, clock.now());
  throw response.status === 404 ? new RegistryError('blob-missing', failure.message) : failure;
}

function mayContinue(error: unknown): boolean {
  return hasCode(error, 'connection-failed', 'timed-out', 'response-invalid');
}

interface Cut {
  readonly skip: number;
  readonly length: number;
  /** Whether bytes may come behind these: then the body is left. One that is read to its end leaves its connection free for the next blob. */
  readonly goesOn: boolean;
}

/** Leaves out the first `skip` bytes and all after `length` more. */
async function* cut(stream: ByteStream, { skip, length, goesOn }: Cut): ByteStream {
  let toSkip = skip;
  let left = length;
  for await (const chunk of stream) {
    const part = chunk.subarray(Math.min(toSkip, chunk.byteLength)).subarray(0, left);
    toSkip -= Math.min(toSkip, chunk.byteLength);
    left -= part.byteLength;
    if (part.byteLength > 0) yield part;
    if (left === 0 && goesOn) return;
  }
}
