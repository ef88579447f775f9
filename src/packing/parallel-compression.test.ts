import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { folderTest } from '../../test/images/folder-test.ts';
import { describePeer } from '../../test/peers/require-peer.ts';
import { runCommand } from '../../test/peers/run-command.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import { concatBytes } from '../streams/read-all.ts';
import { gzipInParallel } from './parallel-gzip.node.ts';
import { zstdInParallel } from './parallel-zstd.node.ts';

async function* streamOf(bytes: Uint8Array, chunkBytes: number): ByteStream {
  for (let start = 0; start < bytes.byteLength; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}

async function collect(stream: ByteStream): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Text that compresses, and noise that does not, of a size that ends within a block. */
function mixedBytes(size: number): Uint8Array {
  const text = Buffer.from(Array.from({ length: 4000 }, (_, n) => `line ${n * n} of the file\n`).join(''));
  const pieces: Uint8Array[] = [];
  for (let made = 0; made < size; made += text.byteLength + 30_000) pieces.push(text, randomBytes(30_000));
  return concatBytes(
    pieces,
    pieces.reduce((sum, { byteLength }) => sum + byteLength, 0),
  ).subarray(0, size);
}

const ways = [
  [
    'gzip',
    (bytes: Uint8Array, chunkBytes: number, blockBytes?: number, jobs?: number): Promise<Buffer> =>
      collect(gzipInParallel(streamOf(bytes, chunkBytes), { level: 4, blockBytes, jobs })),
    (packed: Uint8Array): Uint8Array => gunzipSync(packed),
  ],
  [
    'zstd',
    (bytes: Uint8Array, chunkBytes: number, frameBytes?: number, jobs?: number): Promise<Buffer> =>
      collect(zstdInParallel(streamOf(bytes, chunkBytes), { level: 3, frameBytes, jobs })),
    (packed: Uint8Array): Uint8Array => zstdDecompressSync(packed),
  ],
] as const;

describe.each(ways)('parallel %s', (name, pack, unpack) => {
  const mixed = mixedBytes(9_500_000);

  test.each([
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(7)],
    ['exactly one block of gzip', mixed.subarray(0, 1024 * 1024)],
    ['exactly one frame of zstd', mixed.subarray(0, 2 * 1024 * 1024)],
    ['random bytes', randomBytes(2_500_000)],
    ['text and noise', mixed],
    ['zeros', new Uint8Array(5_000_000)],
  ])('gives back %s', async (_, bytes) => {
    const packed = await pack(bytes, 65_536);
    expect(digestHex('sha256', unpack(packed))).toBe(digestHex('sha256', bytes));
    expect(packed.byteLength).toBeLessThan(bytes.byteLength * 1.001 + 64);
  });

  test('gives back any bytes, and the same ones however they are cut and however many jobs there are', async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(200).map((size) => new Uint8Array(size).fill(size)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(chunk, { maxLength: 12 }), fc.integer({ min: 1, max: 400 }), async (chunks, blockBytes) => {
        const bytes = new Uint8Array(Buffer.concat(chunks));
        const packed = await pack(bytes, 1000, blockBytes, 1);
        expect(unpack(packed).toString()).toBe(Buffer.from(bytes).toString());
        expect((await pack(bytes, 17, blockBytes, 7)).equals(packed)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  folderTest('gives the same bytes with a pool of one thread and of eight', async ({ folder }) => {
    const path = join(folder, 'layer');
    await writeFile(path, mixed);
    const script = `
      import { createHash } from 'node:crypto';
      import { createReadStream } from 'node:fs';
      import { createLayerPacker } from ${JSON.stringify(new URL('layer-packer.node.ts', import.meta.url).href)};
      const hash = createHash('sha256');
      for await (const chunk of createLayerPacker(${JSON.stringify(name)}).pack(createReadStream(${JSON.stringify(path)}))) hash.update(chunk);
      process.stdout.write(hash.digest('hex'));`;
    const run = async (threads: string): Promise<string> => {
      const command = [process.execPath, '--input-type=module', '-e', script] as const;
      const { code, stdout, stderr } = await runCommand(command, { env: { ...process.env, UV_THREADPOOL_SIZE: threads } });
      expect(code, stderr).toBe(0);
      return stdout;
    };
    const expected = digestHex('sha256', await pack(mixed, 65_536));
    expect([await run('1'), await run('8')]).toEqual([expected, expected]);
  });

  test('passes on what the source throws', async () => {
    async function* broken(): ByteStream {
      yield mixed.subarray(0, 5_000_000);
      throw new Error('broken');
    }
    const stream = name === 'gzip' ? gzipInParallel(broken(), { level: 1 }) : zstdInParallel(broken(), { level: 1 });
    await expect(collect(stream)).rejects.toThrow('broken');
  });
});

describe('one gzip member', () => {
  folderTest.for([
    ['gzip', '-t'],
    ['gzip', '-l'],
  ] as const)('is well formed to %s %s', async (command, { folder }) => {
    const bytes = mixedBytes(3_300_000);
    const path = join(folder, 'layer.gz');
    await writeFile(path, await collect(gzipInParallel(streamOf(bytes, 100_000), { level: 6 })));
    const { code, stdout, stderr } = await runCommand([...command, path]);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe('');
    if (command[1] === '-l') expect(stdout).toContain(String(bytes.byteLength));
    expect((await readFile(path)).subarray(0, 10)).toEqual(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]));
  });

  test('costs little over compressing in one go: blocks know what came before them', async () => {
    const sentence = randomBytes(20_000);
    const bytes = new Uint8Array(Buffer.concat(Array.from({ length: 100 }, () => sentence)));
    const packed = await collect(gzipInParallel(streamOf(bytes, 65_536), { level: 6, blockBytes: 20_000 }));
    expect(packed.byteLength).toBeLessThan(sentence.byteLength * 2);
  });
});

describePeer('dockerd', 'with unpigz, by which Docker unpacks', () => {
  folderTest('one gzip member is well formed', async ({ folder }) => {
    const path = join(folder, 'layer.gz');
    await writeFile(path, await collect(gzipInParallel(streamOf(mixedBytes(3_300_000), 100_000), { level: 1 })));
    expect(await runCommand(['unpigz', '--test', path])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
