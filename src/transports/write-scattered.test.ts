import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { folderTest } from '../../test/images/folder-test.ts';
import { abortError } from '../errors/registry-error.ts';
import type { ByteSource, PieceWriter } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import type { ExpectedContent } from '../streams/verify.ts';
import { writeFileScattered } from './write-scattered.node.ts';

type Scatter = NonNullable<ByteSource['scatter']>;

const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 9)) % 251);
const content: ExpectedContent = { digest: `sha256:${digestHex('sha256', bytes)}`, size: bytes.byteLength };
const pieceBytes = 100_000;
const starts = Array.from({ length: bytes.byteLength / pieceBytes }, (_, index) => index * pieceBytes);

/** Writes pieces in an order, several at a time, with memory that it uses again. */
function inOrder(order: readonly number[], given: Uint8Array = bytes): Scatter {
  return async (write) => {
    const waiting = [...order];
    const work = async (memory: Uint8Array): Promise<void> => {
      for (let start = waiting.shift(); start !== undefined; start = waiting.shift()) {
        memory.set(given.subarray(start, start + pieceBytes));
        await write(memory, start);
      }
    };
    await Promise.all([1, 2, 3].map(() => work(new Uint8Array(pieceBytes))));
  };
}

describe('a file that is written from pieces', () => {
  folderTest.for([
    ['in order', starts],
    ['from the last to the first', starts.toReversed()],
    ['each second one first', [...starts.filter((_, index) => index % 2 === 1), ...starts.filter((_, index) => index % 2 === 0)]],
  ] as const)('%s is what it should be', async ([, order], { folder }) => {
    const path = join(folder, 'a/blob');
    let progress = 0;
    await writeFileScattered(path, content, inOrder(order), { onProgress: (count) => (progress += count) });
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(progress).toBe(bytes.byteLength);
    expect(await readdir(join(folder, 'a'))).toEqual(['blob']);
  });

  folderTest('is not seen before it is whole and right, and leaves what was there', async ({ folder }) => {
    const path = join(folder, 'blob');
    await writeFile(path, 'as it was');
    const wrong = bytes.with(2_999_999, 255);
    for (const [scatter, code] of [
      [inOrder(starts, wrong), 'digest-mismatch'],
      [inOrder(starts.slice(0, -1)), 'size-mismatch'],
      [inOrder(starts.slice(1)), 'size-mismatch'],
      [() => Promise.reject(new Error('the source broke')), 'output-failed'],
    ] as const) {
      expect(await rejection(writeFileScattered(path, content, scatter))).toMatchObject({ code });
      expect(await readFile(path, 'utf8')).toBe('as it was');
      expect(await readdir(folder)).toEqual(['blob']);
    }
  });

  folderTest('keeps the bytes that were digested, when others come for them later', async ({ folder }) => {
    const path = join(folder, 'blob');
    const twice: Scatter = async (write: PieceWriter) => {
      await write(bytes.subarray(0, 2_000_000), 0);
      await write(new Uint8Array(1_900_000), 0);
      await write(bytes.subarray(1_900_000), 1_900_000);
    };
    await writeFileScattered(path, content, twice);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  folderTest('ends with code aborted, and leaves nothing', async ({ folder }) => {
    const stop = new AbortController();
    const stalls: Scatter = (_write, { signal } = {}) => {
      setImmediate(() => stop.abort());
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(abortError(signal))));
    };
    const writing = writeFileScattered(join(folder, 'blob'), content, stalls, { signal: stop.signal });
    expect(await rejection(writing)).toMatchObject({ code: 'aborted' });
    expect(await readdir(folder)).toEqual([]);
  });
});
