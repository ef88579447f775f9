import { open, rm } from 'node:fs/promises';
import type { ByteSource } from '../../streams/byte-source.ts';
import { receiveBody } from '../received-body.ts';
import { writeFully } from './durable-file.node.ts';
import { formatETag } from './object-record.node.ts';
import { type FinishedFile, setTimeOfChange, type WriterContext } from './object-writer.node.ts';

/**
 * Writes a body into a new temporary file and flushes it. Where it fails, nothing is left.
 * @throws what `receiveBody` throws
 */
export async function receiveFile(
  { paths, durability, clock }: WriterContext,
  what: string,
  body: ByteSource,
  options: { readonly sha256?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<FinishedFile> {
  const path = paths.temporary();
  try {
    const handle = await open(path, 'wx');
    let received;
    try {
      received = await receiveBody(what, body, (chunk) => writeFully(handle, chunk), { ...options, digestAlgorithm: 'sha256' });
    } finally {
      await handle.close();
    }
    const mtimeMs = Math.floor(clock.now());
    await setTimeOfChange(path, mtimeMs, durability);
    return { path, size: received.size, etag: formatETag(received.digest), mtimeMs };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
