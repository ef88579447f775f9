import { attribute, hasCode, type Side } from '../errors/coded-error.ts';
import type { ByteSource, ByteStream, OpenOptions, PieceWriter } from '../streams/byte-source.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { tracePoints } from '../streams/trace-points.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageSource } from './image-source.ts';

/** Runs one thing that the source or the target does; what it throws says so. */
export async function on<T>(side: Side, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw blame(error, side);
  }
}

/** Lets the target take one blob; told to the tracing channel `bucketry:blob`. */
export function carryBlob<T>({ digest, mediaType, size }: Descriptor, run: () => Promise<T>): Promise<T> {
  return tracePoints.blob.run(
    () => on('target', run),
    () => ({ digest, mediaType, bytes: size }),
  );
}

/** A blob of the source, whose errors say that they are the source's, and which never gives more or fewer bytes than were asked for. The digest is for the target to verify. */
export function openSourceBlob(source: ImageSource, blob: Descriptor): ByteSource {
  const bytes = source.blob(blob);
  return {
    size: blob.size,
    seekable: bytes.seekable,
    findFile: bytes.findFile,
    open: (options = {}) => exactly(() => bytes.open(options), blob, options),
    scatter: bytes.scatter && ((write, options) => on('source', async () => bytes.scatter?.(within(blob, write), options))),
  };
}

async function* exactly(open: () => ByteStream, blob: Descriptor, { start = 0, end = blob.size }: OpenOptions): ByteStream {
  let received = 0;
  try {
    for await (const chunk of open()) {
      received += chunk.byteLength;
      if (received > end - start) break;
      yield chunk;
    }
  } catch (error) {
    throw blame(error, 'source');
  }
  if (received === end - start) return;
  const found = received > end - start ? `more than ${end - start}` : String(received);
  throw new RegistryError('size-mismatch', `Cannot read blob "${blob.digest}": ${found} bytes received, ${end - start} wanted`, {
    side: 'source',
  });
}

/** Takes no piece that does not lie within the blob; what writing throws is the target's. */
function within(blob: Descriptor, write: PieceWriter): PieceWriter {
  return async (piece, position) => {
    if (position + piece.byteLength > blob.size)
      throw new RegistryError('size-mismatch', `Cannot read blob "${blob.digest}": more than ${blob.size} bytes received`);
    await on('target', () => write(piece, position));
  };
}

/** A target that finds other bytes than it was promised got them from the source; being stopped is nobody's fault. */
function blame(error: unknown, side: Side): unknown {
  if (hasCode(error, 'aborted')) return error;
  return attribute(error, hasCode(error, 'digest-mismatch', 'size-mismatch') ? 'source' : side);
}
