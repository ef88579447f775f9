import { expect, test } from 'vitest';
import { describeBytes } from '../../test/images/build-image.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { verifyBeforeEnd } from './verify-before-end.ts';

const bytes = Uint8Array.from({ length: 100 }, (_, index) => index);

async function* inChunks(all: Uint8Array, chunkBytes: number): ByteStream {
  for (let start = 0; start < all.byteLength; start += chunkBytes) yield all.subarray(start, start + chunkBytes);
}

/** All that a receiver got before the stream ended or failed. */
async function receive(stream: ByteStream): Promise<{ readonly received: Buffer; readonly error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
    return { received: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { received: Buffer.concat(chunks), error };
  }
}

test.each([1, 7, 99, 100, 200])('right bytes come whole (chunks of %i)', async (chunkBytes) => {
  const { received, error } = await receive(verifyBeforeEnd(inChunks(bytes, chunkBytes), describeBytes('', bytes)));
  expect(error).toBeUndefined();
  expect(received.equals(bytes)).toBe(true);
});

test.each([1, 7, 99, 100, 200])('of wrong bytes the receiver never has all (chunks of %i)', async (chunkBytes) => {
  const wrong = { ...describeBytes('', bytes), digest: describeBytes('', bytes.subarray(1)).digest };
  const { received, error } = await receive(verifyBeforeEnd(inChunks(bytes, chunkBytes), wrong));
  expect(error).toMatchObject({ code: 'digest-mismatch' });
  expect(received.byteLength).toBeLessThan(100);
});
