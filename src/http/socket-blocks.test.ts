import { expect, test } from 'vitest';
import { SocketBlocks } from './socket-blocks.ts';

function fill(blocks: SocketBlocks, ...bytes: readonly number[]): void {
  blocks.room.set(bytes);
  blocks.add(bytes.length);
}

test('gives what came, without what is left out', () => {
  const blocks = new SocketBlocks();
  fill(blocks, 1, 2, 3);
  fill(blocks, 4);
  blocks.skip(2);
  expect([...blocks.take().bytes]).toEqual([3, 4]);
  expect(blocks.filled.byteLength).toBe(0);
});

test('a copy leaves the block where it is', () => {
  const blocks = new SocketBlocks();
  const { room } = blocks;
  room.set([1, 2, 3]);
  blocks.add(2);
  expect([...blocks.copy().bytes]).toEqual([1, 2]);
  blocks.add(1);
  expect([...blocks.take().bytes]).toEqual([3]);
});

test('what was taken stays as it is until it is released', () => {
  const blocks = new SocketBlocks();
  fill(blocks, 1);
  const first = blocks.take();
  expect(blocks.isBlocked).toBe(false);
  fill(blocks, 2);
  const second = blocks.take();
  expect(blocks.isBlocked).toBe(true);
  expect([first.bytes[0], second.bytes[0]]).toEqual([1, 2]);
  first.release();
  expect(blocks.isBlocked).toBe(false);
  fill(blocks, 3);
  expect(second.bytes[0]).toBe(2);
});

test('a block with little room left is full', () => {
  const blocks = new SocketBlocks();
  blocks.add(blocks.room.byteLength - 1000);
  expect(blocks.isFull).toBe(true);
});
