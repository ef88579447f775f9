import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { unwrapTrailed } from '../../../test/s3-server/trailers.ts';
import { startS3Server } from '../../../test/s3-server/server.ts';
import { createNodeHttpClient } from '../../http/node-http-client.node.ts';
import { probeStore } from '../../doctor/probe-store.ts';
import { type ByteSource, bytesSource } from '../../streams/byte-source.ts';
import { systemClock } from '../../streams/clock.ts';
import { readAll } from '../../streams/read-all.ts';
import { toObjectKey } from '../object-key.ts';
import { staticCredentials } from './credentials-provider.ts';
import { openS3Bucket } from './s3-bucket.ts';
import { withTrailingCrc32 } from './trailing-crc32.ts';

const frameBytes = 1024 * 1024;

function cutSource(bytes: Uint8Array, pieceBytes: number): ByteSource {
  return {
    size: bytes.byteLength,
    seekable: false,
    async *open() {
      for (let start = 0; start < bytes.byteLength; start += pieceBytes) yield bytes.subarray(start, start + pieceBytes);
    },
  };
}

async function readFramed(source: ByteSource): Promise<{ readonly size: number; readonly framed: Buffer }> {
  const { body } = withTrailingCrc32(source);
  return { size: body!.size, framed: Buffer.from(await readAll(body!.open(), 10_000_000, 'the body')) };
}

describe('a body with its CRC-32 behind it', () => {
  test('has the size that was announced, and gives the bytes and their checksum back, however they were cut', async () => {
    const sizes = fc.oneof(
      fc.integer({ min: 1, max: 2000 }),
      fc.constantFrom(frameBytes - 1, frameBytes, frameBytes + 1, 2 * frameBytes, 2_700_000),
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.constantFrom(1000, 65_536, frameBytes, 3_000_000), async (size, pieceBytes) => {
        const bytes = Uint8Array.from({ length: size }, (_, index) => index * 31);
        const source = cutSource(bytes, pieceBytes);
        const { size: announced, framed } = await readFramed(source);
        expect(framed.byteLength).toBe(announced);
        const { headers = {} } = withTrailingCrc32(source);
        const request = { method: 'PUT', path: '/', query: new Map(), bucketName: undefined, key: undefined, headers };
        const { request: unwrapped, body } = unwrapTrailed(request, framed);
        expect(body.equals(bytes)).toBe(true);
        const sum = Buffer.alloc(4);
        sum.writeUInt32BE(crc32(bytes));
        expect(unwrapped.headers['x-amz-checksum-crc32']).toBe(sum.toString('base64'));
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    [2, 'more than 2'],
    [4, '3'],
  ])('fails where its source, said to have %d bytes, has 3', async (size, found) => {
    const source = { ...bytesSource(new Uint8Array(3)), size };
    await expect(readFramed(source)).rejects.toMatchObject({
      code: 'size-mismatch',
      message: expect.stringContaining(`gave ${found} bytes, ${size} wanted`),
    });
  });

  test.each([
    ['trailed-parts', true],
    ['aws', false],
  ] as const)('is what probing finds of a store that is like %s: %s', async (personality, verifiesCrc32) => {
    const server = await startS3Server({ buckets: ['images'], personality });
    const bucket = openS3Bucket({
      bucket: 'images',
      region: server.region,
      endpoint: server.endpoint,
      credentials: staticCredentials(server.credentials),
      http: createNodeHttpClient({ env: {} }),
      clock: systemClock,
    });
    try {
      expect(await probeStore(bucket, (name) => toObjectKey(`probe/${name}`))).toMatchObject({ multipart: true, verifiesCrc32 });
    } finally {
      await bucket.close();
      await server.close();
    }
  });

  test('stands in the place of a digest over plain HTTP, where the store checks it', async () => {
    const server = await startS3Server({ buckets: ['images'], personality: 'trailed-parts' });
    const open = (verifiesCrc32: boolean): ReturnType<typeof openS3Bucket> =>
      openS3Bucket({
        bucket: 'images',
        region: server.region,
        endpoint: server.endpoint,
        credentials: staticCredentials(server.credentials),
        http: createNodeHttpClient({ env: {} }),
        clock: systemClock,
        abilities: { verifiesCrc32 },
      });
    try {
      for (const verifies of [true, false]) {
        const bucket = open(verifies);
        expect(bucket.abilities.protectsBodies).toBe(verifies);
        const upload = await bucket.multipart!.create(toObjectKey('large'), { partSize: 6, size: 6 });
        await bucket.multipart!.putPart(upload, 1, bytesSource(new TextEncoder().encode('bytes!')));
        await bucket.close();
      }
      const payloads = server.requests
        .filter(({ operation }) => operation === 'UploadPart')
        .map(({ headers }) => headers['x-amz-content-sha256']);
      expect(payloads).toEqual(['STREAMING-UNSIGNED-PAYLOAD-TRAILER', expect.stringMatching(/^[0-9a-f]{64}$/)]);
    } finally {
      await server.close();
    }
  });
});
