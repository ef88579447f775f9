import * as fc from 'fast-check';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, link, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type Header, pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { createTemporaryFolder } from '../../test/peers/temporary-folder.ts';
import { CodedError } from '../errors/coded-error.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { packTar } from './pack-tar.ts';
import { indexTar, type TarIndex } from './tar-index.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

async function textOf(index: TarIndex, name: string): Promise<string | undefined> {
  const file = index.find(name);
  return file && new TextDecoder().decode(await readAll(file.open(), 1_000_000, name));
}

/** A tar by tar-stream, which knows nothing of our reader. */
async function tarOf(entries: readonly (Pick<Header, 'name'> & Partial<Header> & { readonly body?: string })[]): Promise<Uint8Array> {
  const tar = pack();
  for (const { body, ...header } of entries) tar.entry(header, body ?? '');
  tar.finalize();
  return new Uint8Array(await buffer(tar));
}

const ours = (files: Readonly<Record<string, string>>): Promise<Uint8Array> =>
  readAll(packTar(Object.entries(files).map(([name, body]) => ({ name, source: bytesSource(encode(body)) }))), 10_000_000, 'a tar');

describe('indexTar', () => {
  test('finds the files of a tar of another writer, long names and all', async () => {
    const long = `a/${'x'.repeat(150)}/${'ä'.repeat(80)}`;
    const index = await indexTar(
      bytesSource(
        await tarOf([{ name: 'd', type: 'directory' }, { name: './d/f', body: 'hello' }, { name: long, body: 'long' }, { name: 'empty' }]),
      ),
    );
    expect(index.names).toEqual(['d/f', long, 'empty']);
    expect(await textOf(index, 'd/f')).toBe('hello');
    expect(await textOf(index, long)).toBe('long');
    expect(await textOf(index, 'empty')).toBe('');
    expect(index.find('d')).toBeUndefined();
    expect(index.find('constructor')).toBeUndefined();
  });

  test('follows links, as old archives have for shared layers', async () => {
    const index = await indexTar(
      bytesSource(
        await tarOf([
          { name: 'a/layer.tar', body: 'layer' },
          { name: 'b/layer.tar', type: 'symlink', linkname: '../a/layer.tar' },
          { name: 'c/layer.tar', type: 'link', linkname: 'b/layer.tar' },
          { name: 'd/layer.tar', type: 'symlink', linkname: '../gone' },
        ]),
      ),
    );
    expect(await textOf(index, 'c/layer.tar')).toBe('layer');
    expect(index.find('d/layer.tar')).toBeUndefined();
  });

  test('takes the later of two entries with one name', async () => {
    const index = await indexTar(
      bytesSource(
        await tarOf([
          { name: 'a', body: 'old' },
          { name: 'a', body: 'newer' },
        ]),
      ),
    );
    expect(await textOf(index, 'a')).toBe('newer');
  });

  test('reads only headers, however large the bodies', async () => {
    const bytes = await ours({ large: 'x'.repeat(1_000_000), small: 'y' });
    let read = 0;
    const source = bytesSource(bytes);
    const counting = {
      ...source,
      async *open(options = {}) {
        for await (const chunk of source.open(options)) {
          read += chunk.byteLength;
          yield chunk;
        }
      },
    };
    await indexTar(counting);
    expect(read).toBe(3 * 512);
  });

  test.each([
    ['a name above its folder', [{ name: '../evil', body: 'x' }]],
    ['a name with .. inside', [{ name: 'a/../../evil', body: 'x' }]],
    ['an absolute name', [{ name: '/etc/passwd', body: 'x' }]],
    ['a link out', [{ name: 'a', type: 'symlink', linkname: '../../etc/passwd' } as const]],
    ['an absolute link', [{ name: 'a', type: 'symlink', linkname: '/etc/passwd' } as const]],
    ['a hard link out', [{ name: 'a', type: 'link', linkname: '../b' } as const]],
  ])('refuses %s', async (_, entries) => {
    expect((await rejection(indexTar(bytesSource(await tarOf(entries))))).code).toBe('archive-invalid');
  });

  test('refuses links in a circle when they are followed', async () => {
    const index = await indexTar(
      bytesSource(
        await tarOf([
          { name: 'a', type: 'symlink', linkname: 'b' },
          { name: 'b', type: 'symlink', linkname: 'a' },
        ]),
      ),
    );
    expect(() => index.find('a')).toThrow(expect.objectContaining({ code: 'archive-invalid' }));
  });

  test('refuses what is no tar', async () => {
    expect((await rejection(indexTar(bytesSource(encode('x'.repeat(2000)))))).code).toBe('archive-invalid');
  });

  test('refuses a tar cut anywhere within a header or a body, and names it truncated', async () => {
    const bytes = await ours({ a: 'x'.repeat(700), b: 'y' });
    for (let end = 1; end < 512 + 1024 + 512 + 1; end += 13) {
      const outcome = await indexTar(bytesSource(bytes.subarray(0, end))).catch((error: unknown) => error);
      // A cut through the padding loses nothing.
      const isWhole = end >= 512 + 700 && end <= 512 + 1024;
      if (isWhole) expect(outcome).toMatchObject({ names: ['a'] });
      else expect(outcome).toMatchObject({ code: 'archive-truncated' });
    }
  });

  test('throws nothing but coded errors, whatever byte is changed', async () => {
    const bytes = await tarOf([
      { name: 'x'.repeat(120), body: 'hello' },
      { name: 'b', type: 'symlink', linkname: 'a' },
      { name: 'c', body: 'z'.repeat(600) },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(bytes.byteLength - 1), fc.nat(255)), { maxLength: 4 }), async (changes) => {
        const damaged = Uint8Array.from(bytes);
        for (const [index, value] of changes) damaged[index] = value;
        const outcome = await indexTar(bytesSource(damaged)).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(CodedError);
      }),
    );
  });

  test('stops when it is told to', async () => {
    expect((await rejection(indexTar(bytesSource(await ours({ a: 'b' })), AbortSignal.abort()))).code).toBe('aborted');
  });
});

describe('packTar', () => {
  test('writes what it reads back, and the same bytes for the same files', async () => {
    const files = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}(\/[a-zä]{1,90}){0,3}$/), fc.string({ maxLength: 1500 }), { maxKeys: 6 });
    await fc.assert(
      fc.asyncProperty(files, async (contents) => {
        const bytes = await ours(contents);
        const index = await indexTar(bytesSource(bytes));
        expect(index.names).toEqual(Object.keys(contents));
        for (const [name, body] of Object.entries(contents)) expect(await textOf(index, name)).toBe(body.toWellFormed());
        expect(await ours(contents)).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });
});

describe('with the tar of this machine', () => {
  const run = promisify(execFile);

  test.each(['gnu', 'posix', 'ustar', 'v7'])('reads what `tar --format=%s` writes', async (format) => {
    const folder = await createTemporaryFolder('tar');
    try {
      const long = format === 'gnu' || format === 'posix' ? `${'n'.repeat(60)}/${'m'.repeat(120)}` : `${'n'.repeat(40)}/m`;
      await mkdir(join(folder.path, 'in', dirname(long)), { recursive: true });
      await writeFile(join(folder.path, 'in', long), 'long');
      await writeFile(join(folder.path, 'in/a'), 'short');
      await symlink(long, join(folder.path, 'in/b'));
      await link(join(folder.path, 'in/a'), join(folder.path, 'in/c'));
      await run('tar', ['-C', join(folder.path, 'in'), `--format=${format}`, '-cf', join(folder.path, 'x.tar'), '.']);
      const index = await indexTar(bytesSource(await readFile(join(folder.path, 'x.tar'))));
      expect(index.names.toSorted()).toEqual(['a', 'b', 'c', long].toSorted());
      expect(await textOf(index, 'b')).toBe('long');
      expect(await textOf(index, 'c')).toBe('short');
    } finally {
      await folder.remove();
    }
  });

  test('writes what `tar` unpacks', async () => {
    const folder = await createTemporaryFolder('tar');
    try {
      const name = `blobs/sha512/${'f'.repeat(128)}`;
      await writeFile(join(folder.path, 'x.tar'), await ours({ [name]: 'blob', 'index.json': '{}' }));
      await run('tar', ['-C', folder.path, '-xf', join(folder.path, 'x.tar')]);
      expect(await readFile(join(folder.path, name), 'utf8')).toBe('blob');
      expect(await readFile(join(folder.path, 'index.json'), 'utf8')).toBe('{}');
    } finally {
      await folder.remove();
    }
  });
});
