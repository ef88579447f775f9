import * as fc from 'fast-check';
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { folderTest } from '../../test/images/folder-test.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { bytesSource, type ByteStream } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { toFileError } from './file-error.node.ts';
import { fileSource, openFile } from './file-source.node.ts';
import { writeFileWhole } from './write-file.node.ts';

const content = Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251);

describe('a file as a source', () => {
  folderTest('gives any range, many side by side', async ({ folder }) => {
    const path = join(folder, 'x');
    await writeFile(path, content);
    const file = await openFile(path);
    const range = fc.tuple(fc.nat(content.length), fc.nat(content.length)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(range, { maxLength: 4 }), async (ranges) => {
          const read = await Promise.all(ranges.map(([start, end]) => readAll(file!.source.open({ start, end }), content.length, 'x')));
          for (const [index, [start, end]] of ranges.entries()) expect(Buffer.compare(read[index]!, content.subarray(start, end))).toBe(0);
        }),
        { numRuns: 20 },
      );
    } finally {
      await file?.close();
    }
  });

  folderTest('leaves a chunk as it is, unless whoever reads allows that its memory is used again', async ({ folder }) => {
    const path = join(folder, 'x');
    await writeFile(path, content);
    const chunksOf = async (mayReuse: boolean): Promise<Uint8Array[]> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of fileSource(path, content.length).open({ mayReuse })) chunks.push(chunk);
      return chunks;
    };
    expect(Buffer.concat(await chunksOf(false)).equals(content)).toBe(true);
    expect(new Set((await chunksOf(true)).map(({ buffer }) => buffer)).size).toBe(1);
  });

  folderTest('says so when the file has become shorter', async ({ folder }) => {
    const path = join(folder, 'x');
    await writeFile(path, content);
    const source = fileSource(path, content.length);
    await truncate(path, 100);
    expect((await rejection(readAll(source.open(), content.length, 'x'))).code).toBe('archive-truncated');
    await rm(path);
    expect((await rejection(readAll(source.open(), content.length, 'x'))).code).toBe('input-missing');
  });

  folderTest('is undefined where there is none, and refused where it is a folder', async ({ folder }) => {
    expect(await openFile(join(folder, 'none'))).toBeUndefined();
    expect(await openFile(join(folder, 'none/below'))).toBeUndefined();
    expect((await rejection(openFile(folder))).code).toBe('input-invalid');
  });

  folderTest('stops when it is told to', async ({ folder }) => {
    const path = join(folder, 'x');
    await writeFile(path, content);
    expect(
      (await rejection(readAll(fileSource(path, content.length).open({ signal: AbortSignal.abort() }), content.length, 'x'))).code,
    ).toBe('aborted');
  });
});

describe('writeFileWhole', () => {
  folderTest('writes the whole file, and the folders above it, and tells its progress', async ({ folder }) => {
    const path = join(folder, 'a/b/c');
    let told = 0;
    await writeFileWhole(path, bytesSource(content).open(), { onProgress: (bytes) => void (told += bytes) });
    expect(Buffer.compare(await readFile(path), content)).toBe(0);
    expect(told).toBe(content.length);
    expect(await readdir(join(folder, 'a/b'))).toEqual(['c']);
  });

  folderTest('leaves the old file when it fails or is stopped, and nothing beside it', async ({ folder }) => {
    const path = join(folder, 'x');
    await writeFile(path, 'old');
    const failure = new RegistryError('digest-mismatch', 'not these');
    async function* failing(): ByteStream {
      yield content;
      throw failure;
    }
    expect(await rejection(writeFileWhole(path, failing()))).toBe(failure);
    const stopped = writeFileWhole(path, bytesSource(content).open(), { signal: AbortSignal.abort() });
    expect((await rejection(stopped)).code).toBe('aborted');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['x']);
  });

  folderTest('does not write over a folder', async ({ folder }) => {
    await mkdir(join(folder, 'x/y'), { recursive: true });
    expect((await rejection(writeFileWhole(join(folder, 'x'), bytesSource(content).open()))).code).toBe('output-failed');
    expect(await readdir(folder)).toEqual(['x']);
  });
});

describe('toFileError', () => {
  test.each([
    ['ENOENT', 'input-missing', 'output-failed'],
    ['EACCES', 'input-invalid', 'output-failed'],
    ['EIO', 'input-invalid', 'output-failed'],
    ['ENOSPC', 'storage-full', 'storage-full'],
    ['EDQUOT', 'storage-full', 'storage-full'],
    ['EROFS', 'storage-read-only', 'storage-read-only'],
    ['ABORT_ERR', 'aborted', 'aborted'],
  ])('makes of %s %s when reading, %s when writing', (errno, reading, writing) => {
    const error = Object.assign(new Error('it failed'), { code: errno });
    expect(toFileError(error, 'read', 'x')).toMatchObject({ code: reading, cause: error });
    expect(toFileError(error, 'write', 'x')).toMatchObject({ code: writing, cause: error });
  });

  test('leaves a coded error as it is', () => {
    const error = new RegistryError('blob-missing', 'gone');
    expect(toFileError(error, 'write', 'x')).toBe(error);
  });
});
