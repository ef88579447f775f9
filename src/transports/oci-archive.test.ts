import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { describe, expect } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addImage, addIndex, createGraph, describeBytes } from '../../test/images/build-image.ts';
import { copyBack, copyTo } from '../../test/images/copy-back.ts';
import { folderTest } from '../../test/images/folder-test.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { describePeer } from '../../test/peers/require-peer.ts';
import { openSkopeo } from '../../test/peers/skopeo.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { copyImage } from '../transfer/copy-image.ts';
import { openArchive } from './archive-file.node.ts';
import { createOciArchiveTarget, openOciArchiveSource } from './oci-archive.node.ts';

/** An archive of a two-platform index, and its bytes. */
async function writeArchive(path: string) {
  const graph = createGraph();
  const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
  await copyTo(createOciArchiveTarget({ path, reference: '1.0' }), graph, root);
  return { graph, root, bytes: new Uint8Array(await readFile(path)) };
}

describe('an archive of a layout', () => {
  folderTest('gives back what was written, and leaves nothing beside it', async ({ folder }) => {
    const path = join(folder, 'image.tar');
    const { graph, root } = await writeArchive(path);
    const back = await copyBack(openOciArchiveSource({ path, reference: '1.0' }));
    expect(back.root.digest).toBe(root.digest);
    expect(back.graph).toEqual(graph);
    expect(await readdir(folder)).toEqual(['image.tar']);
  });

  folderTest('is the same file for the same image', async ({ folder }) => {
    const first = await writeArchive(join(folder, 'a.tar'));
    const second = await writeArchive(join(folder, 'b.tar'));
    expect(first.bytes).toEqual(second.bytes);
  });

  folderTest.for([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('is read when compressed with %s, and the unpacked copy goes away', async ([, compress], { folder }) => {
    const path = join(folder, 'image.tar.x');
    const { graph, bytes } = await writeArchive(path);
    await writeFile(path, compress(bytes));
    const before = await unpackedFolders();
    expect((await copyBack(openOciArchiveSource({ path }))).graph).toEqual(graph);
    expect(await unpackedFolders()).toEqual(before);
  });

  folderTest('is replaced only by a whole one', async ({ folder }) => {
    const path = join(folder, 'image.tar');
    const { bytes } = await writeArchive(path);
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64', ['other']);
    const damaged = { ...createMemorySource(graph, root), blob: (blob: { size: number }) => bytesSource(new Uint8Array(blob.size)) };
    expect((await rejection(copyImage(damaged, createOciArchiveTarget({ path })))).code).toBe('digest-mismatch');
    expect(new Uint8Array(await readFile(path))).toEqual(bytes);
    expect(await readdir(folder)).toEqual(['image.tar']);
  });
});

describe('an archive that cannot be read', () => {
  folderTest('because it is not there, or a folder', async ({ folder }) => {
    expect((await rejection(openOciArchiveSource({ path: join(folder, 'none.tar') }))).code).toBe('input-missing');
    expect((await rejection(openOciArchiveSource({ path: folder }))).code).toBe('input-invalid');
  });

  folderTest('because it ends too early: wherever it is cut, no wrong image comes out', async ({ folder }) => {
    const path = join(folder, 'image.tar');
    const { graph, bytes } = await writeArchive(path);
    for (let end = 0; end <= bytes.byteLength - 1024 - 512; end += 997) {
      await writeFile(path, bytes.subarray(0, end));
      const outcome = await copyBack(openOciArchiveSource({ path })).catch((error: unknown) => error);
      // At the border of two entries a tar looks whole: then a file is missing.
      expect(outcome).toMatchObject({ code: expect.stringMatching(/^(archive-truncated|input-missing|blob-missing|manifest-missing)$/) });
    }
    await writeFile(path, bytes);
    expect((await copyBack(openOciArchiveSource({ path }))).graph).toEqual(graph);
  });

  folderTest('because its gzip is cut or damaged, and nothing stays behind', async ({ folder }) => {
    const path = join(folder, 'image.tar.gz');
    const { bytes } = await writeArchive(path);
    const compressed = gzipSync(bytes);
    const before = await unpackedFolders();
    await writeFile(path, compressed.subarray(0, compressed.byteLength / 2));
    expect((await rejection(openOciArchiveSource({ path }))).code).toBe('archive-truncated');
    await writeFile(
      path,
      compressed.map((byte, index) => (index > 200 && index < 220 ? 0xff : byte)),
    );
    expect((await rejection(openOciArchiveSource({ path }))).code).toBe('archive-invalid');
    expect(await unpackedFolders()).toEqual(before);
  });

  folderTest('because it is what docker save writes, and says how that is read', async ({ folder }) => {
    const path = join(folder, 'saved.tar');
    const archive = pack();
    archive.entry({ name: 'manifest.json' }, '[]');
    archive.finalize();
    await writeFile(path, await buffer(archive));
    const error = await rejection(copyBack(openOciArchiveSource({ path })));
    expect(error).toMatchObject({ code: 'input-missing', hint: expect.stringContaining('docker-archive:FILE') });
  });

  folderTest('because it would unpack to more than is allowed', async ({ folder }) => {
    const path = join(folder, 'bomb.tar.gz');
    await writeFile(path, gzipSync(new Uint8Array(3_000_000)));
    expect((await rejection(openArchive(path, 'x', { maxUnpackedBytes: 2_999_999 }))).code).toBe('archive-invalid');
  });

  folderTest('because it is compressed with something else, or no tar', async ({ folder }) => {
    const path = join(folder, 'x');
    await writeFile(path, new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2, 3]));
    expect(await rejection(openOciArchiveSource({ path }))).toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining('xz'),
    });
    await writeFile(path, 'x'.repeat(5000));
    expect((await rejection(openOciArchiveSource({ path }))).code).toBe('archive-invalid');
  });

  folderTest.for([
    ['a name that leaves it', { name: '../../evil' }],
    ['an absolute name', { name: '/etc/passwd' }],
    ['a link out of it', { name: 'blobs/sha256/x', type: 'symlink', linkname: '../../../etc/passwd' }],
  ] as const)('because it has %s', async ([, header], { folder }) => {
    const path = join(folder, 'evil.tar');
    const tar = pack();
    tar.entry({ ...header }, header.name.startsWith('blobs') ? '' : 'x');
    tar.finalize();
    await writeFile(path, await buffer(tar));
    expect((await rejection(openOciArchiveSource({ path }))).code).toBe('archive-invalid');
  });

  folderTest('when it is told to stop', async ({ folder }) => {
    const path = join(folder, 'image.tar');
    await writeArchive(path);
    expect((await rejection(openOciArchiveSource({ path }, { signal: AbortSignal.abort() }))).code).toBe('aborted');
  });
});

describe('an archive that cannot be written', () => {
  folderTest('because its folder is a file', async ({ folder }) => {
    await writeFile(join(folder, 'x'), '');
    const graph = createGraph();
    const error = await rejection(
      copyTo(createOciArchiveTarget({ path: join(folder, 'x/image.tar') }), graph, await addImage(graph, 'linux/amd64')),
    );
    expect(error).toMatchObject({ code: 'output-failed', side: 'target' });
  });

  folderTest('because its place is a folder', async ({ folder }) => {
    const graph = createGraph();
    const error = await rejection(copyTo(createOciArchiveTarget({ path: folder }), graph, await addImage(graph, 'linux/amd64')));
    expect(error).toMatchObject({ code: 'output-failed', side: 'target' });
  });

  folderTest('abandoned, it leaves nothing', async ({ folder }) => {
    const writer = await createOciArchiveTarget({ path: join(folder, 'image.tar') }).begin();
    await writer.putBlob(describeBytes(mediaTypes.layer, new Uint8Array(5)), bytesSource(new Uint8Array(5)));
    await writer.abandon();
    expect(await readdir(folder)).toEqual([]);
  });
});

describePeer('skopeo', 'an archive of a layout, with skopeo', () => {
  folderTest('is read by it, and read from it', async ({ folder }) => {
    const [ours, theirs] = [join(folder, 'ours.tar'), join(folder, 'theirs.tar')];
    const { root, graph } = await writeArchive(ours);
    const skopeo = await openSkopeo();
    try {
      const { code, stderr } = await skopeo.run([
        'copy',
        '--all',
        '--preserve-digests',
        `oci-archive:${ours}:1.0`,
        `oci-archive:${theirs}:2.0`,
      ]);
      expect(code, stderr).toBe(0);
    } finally {
      await skopeo.close();
    }
    const back = await copyBack(openOciArchiveSource({ path: theirs, reference: '2.0' }));
    expect(back.root.digest).toBe(root.digest);
    expect(back.graph).toEqual(graph);
  });
});

/** Unpacked archives in the temporary folder. */
async function unpackedFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('bucketry-')).toSorted();
}
