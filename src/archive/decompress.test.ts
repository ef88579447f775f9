import * as fc from 'fast-check';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { CodedError } from '../errors/coded-error.ts';
import { bytesSource, type ByteStream } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { decompress, detectCompression } from './decompress.node.ts';

const plain = new TextEncoder().encode('0123456789'.repeat(10_000));
const unpack = (bytes: Uint8Array, compression: 'gzip' | 'zstd', maxBytes = 1_000_000, signal?: AbortSignal): Promise<Uint8Array> =>
  readAll(decompress(bytesSource(bytes).open(), compression, maxBytes, signal), 1_000_000, 'the test');

const packed = { gzip: gzipSync(plain), zstd: zstdCompressSync(plain) };

describe.each(['gzip', 'zstd'] as const)('decompress of %s', (compression) => {
  test('gives back what was compressed, also from many pieces in a row', async () => {
    expect(await unpack(packed[compression], compression)).toEqual(plain);
    expect((await unpack(Buffer.concat([packed[compression], packed[compression]]), compression)).byteLength).toBe(2 * plain.byteLength);
  });

  test('is recognised by its first bytes', () => {
    expect(detectCompression(packed[compression])).toBe(compression);
  });

  test('calls data that ends too early truncated', async () => {
    for (const end of [1, 5, 20, packed[compression].byteLength - 1]) {
      expect((await rejection(unpack(packed[compression].subarray(0, end), compression))).code).toBe('archive-truncated');
    }
  });

  test('throws nothing but coded errors when bytes are damaged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(packed[compression].byteLength - 1), fc.nat(255), async (index, value) => {
        const damaged = Uint8Array.from(packed[compression]);
        damaged[index] = value;
        const outcome = await unpack(damaged, compression).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(CodedError);
      }),
    );
  });

  test('stops at its bound', async () => {
    expect((await rejection(unpack(packed[compression], compression, plain.byteLength - 1))).code).toBe('archive-invalid');
    expect(await unpack(packed[compression], compression, plain.byteLength)).toEqual(plain);
  });

  test("passes on the source's own error", async () => {
    const broken = new (class extends CodedError {
      readonly code = 'connection-failed';
    })('broken');
    async function* failing(): ByteStream {
      yield packed[compression].subarray(0, 10);
      throw broken;
    }
    expect(await rejection(readAll(decompress(failing(), compression, 1000), 1000, 'the test'))).toBe(broken);
  });

  test('releases what lies behind when it is left early', async () => {
    let released = false;
    async function* source(): ByteStream {
      try {
        yield packed[compression].subarray(0, 50);
        yield packed[compression].subarray(50);
      } finally {
        released = true;
      }
    }
    for await (const _ of decompress(source(), compression, 1_000_000)) break;
    await expect.poll(() => released).toBe(true);
  });

  test('stops when it is told to', async () => {
    expect((await rejection(unpack(packed[compression], compression, 1_000_000, AbortSignal.abort()))).code).toBe('aborted');
  });
});

describe('detectCompression', () => {
  test.each([
    ['a tar', new Uint8Array(512), undefined],
    ['nothing', new Uint8Array(), undefined],
    ['xz', new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), 'other'],
    ['bzip2', new Uint8Array([0x42, 0x5a, 0x68]), 'other'],
  ])('%s', (_, bytes, wanted) => {
    expect(detectCompression(bytes)).toBe(wanted);
  });
});
