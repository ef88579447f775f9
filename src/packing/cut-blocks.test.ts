import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes } from '../streams/read-all.ts';
import { type Block, cutBlocks } from './cut-blocks.ts';

async function cut(chunks: readonly Uint8Array[], blockBytes: number): Promise<Block[]> {
  async function* stream(): AsyncGenerator<Uint8Array> {
    yield* chunks;
  }
  return Array.fromAsync(cutBlocks(stream(), blockBytes));
}

test('blocks are the bytes in their order, all of one size but the last, wherever the chunks end', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (given, blockBytes) => {
      const size = given.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const blocks = await cut(given, blockBytes);
      expect(blocks).toHaveLength(Math.floor(size / blockBytes) + 1);
      expect(blocks.map(({ isLast }) => isLast)).toEqual(blocks.map((_, index) => index === blocks.length - 1));
      expect(blocks.slice(0, -1).every(({ bytes }) => bytes.byteLength === blockBytes)).toBe(true);
      const all = (parts: readonly Uint8Array[]): number[] => [...concatBytes([new Uint8Array(), ...parts], size)];
      expect(all(blocks.map(({ bytes }) => bytes))).toEqual(all(given));
    }),
  );
});

test('a block is not changed after it was given out', async () => {
  const [first, second] = await cut([Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)], 2);
  expect([...first!.bytes, ...second!.bytes]).toEqual([1, 2, 3, 4]);
});
