import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, describeBytes } from '../../test/images/build-image.ts';
import { copyBack, copyTo } from '../../test/images/copy-back.ts';
import { folderTest } from '../../test/images/folder-test.ts';
import { peerPath } from '../../test/peers/peer-cache.ts';
import { describePeer } from '../../test/peers/require-peer.ts';
import { runCommand } from '../../test/peers/run-command.ts';
import { openSkopeo } from '../../test/peers/skopeo.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import { blobFileName } from './layout-files.ts';
import { createLayoutTarget, openLayoutSource } from './oci-layout.node.ts';

describe('an image layout', () => {
  folderTest('gives back what was written, byte for byte', async ({ folder }) => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
    const path = join(folder, 'a/b');
    await copyTo(createLayoutTarget({ path, reference: '1.0' }), graph, root);
    expect((await copyBack(openLayoutSource({ path, reference: '1.0' }))).graph).toEqual({ ...graph, referrers: new Map() });
    expect((await copyBack(openLayoutSource({ path }))).root.digest).toBe(root.digest);
  });

  folderTest('holds sha512 as well', async ({ folder }) => {
    const graph = createGraph();
    const bytes = new TextEncoder().encode('{"schemaVersion":2,"manifests":[]}');
    const root = describeBytes(mediaTypes.imageIndex, bytes, 'sha512');
    graph.manifests.set(root.digest, bytes);
    await copyTo(createLayoutTarget({ path: folder }), graph, root);
    expect((await copyBack(openLayoutSource({ path: folder }))).root.digest).toBe(parseDigest(`sha512:${digestHex('sha512', bytes)}`));
  });

  folderTest('keeps its other images, and replaces one of the same name', async ({ folder }) => {
    const graph = createGraph();
    const [first, second, third] = [
      await addImage(graph, 'linux/amd64', ['1']),
      await addImage(graph, 'linux/amd64', ['2']),
      await addImage(graph, 'linux/amd64', ['3']),
    ];
    await copyTo(createLayoutTarget({ path: folder, reference: 'a' }), graph, first);
    await copyTo(createLayoutTarget({ path: folder, reference: 'b' }), graph, second);
    await copyTo(createLayoutTarget({ path: folder, reference: 'a' }), graph, third);
    expect((await copyBack(openLayoutSource({ path: folder, reference: 'a' }))).root.digest).toBe(third.digest);
    expect((await copyBack(openLayoutSource({ path: folder, reference: 'b' }))).root.digest).toBe(second.digest);
  });

  folderTest('keeps members of index.json that are not known here', async ({ folder }) => {
    const graph = createGraph();
    const other = { ...describeBytes(mediaTypes.imageManifest, new Uint8Array(1)), 'com.example.member': 1 };
    await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [other], 'com.example.other': [2] }));
    await copyTo(createLayoutTarget({ path: folder, reference: 'a' }), graph, await addImage(graph, 'linux/amd64'));
    const index: unknown = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
    expect(index).toMatchObject({
      'com.example.other': [2],
      manifests: [other, { annotations: { 'org.opencontainers.image.ref.name': 'a' } }],
    });
  });

  folderTest('leaves no temporary files, and skips what it has when written again', async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    await copyTo(createLayoutTarget({ path: folder }), graph, root);
    const first = (await readdir(folder, { recursive: true })).toSorted();
    expect(first).toHaveLength(2 + 2 + 3);
    graph.blobs.clear();
    await copyTo(createLayoutTarget({ path: folder }), graph, root);
    expect((await readdir(folder, { recursive: true })).toSorted()).toEqual(first);
  });

  folderTest('refuses a blob of other bytes, and shows nothing of it', async ({ folder }) => {
    const writer = await createLayoutTarget({ path: folder }).begin();
    const blob = describeBytes(mediaTypes.layer, new Uint8Array([1, 2, 3]));
    for (const bytes of [
      [1, 2],
      [1, 2, 4],
      [1, 2, 3, 4],
    ]) {
      const code = bytes.length === 3 ? 'digest-mismatch' : 'size-mismatch';
      expect((await rejection(writer.putBlob(blob, bytesSource(Uint8Array.from(bytes))))).code).toBe(code);
      expect(await writer.hasBlob(blob)).toBe(false);
    }
    expect(await readdir(join(folder, 'blobs/sha256'))).toEqual([]);
    await writer.putBlob(blob, bytesSource(new Uint8Array([1, 2, 3])));
    expect(await writer.hasBlob(blob)).toBe(true);
  });

  folderTest('writes a blob again that is there with another size', async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    await copyTo(createLayoutTarget({ path: folder }), graph, root);
    for (const digest of graph.blobs.keys()) await truncate(join(folder, blobFileName(parseDigest(digest))), 3);
    await copyTo(createLayoutTarget({ path: folder }), graph, root);
    expect((await copyBack(openLayoutSource({ path: folder }))).graph.blobs).toEqual(graph.blobs);
  });
});

describe('a layout that cannot be read as asked', () => {
  folderTest('names the images there are', async ({ folder }) => {
    const graph = createGraph();
    for (const reference of ['a', 'b'])
      await copyTo(createLayoutTarget({ path: folder, reference }), graph, await addImage(graph, 'linux/amd64', [reference]));
    const ambiguous = await rejection(copyBack(openLayoutSource({ path: folder })));
    expect(ambiguous).toMatchObject({ code: 'reference-ambiguous', side: 'source' });
    expect(ambiguous.message).toContain('"a", "b"');
    const missing = await rejection(copyBack(openLayoutSource({ path: folder, reference: 'c' })));
    expect(missing).toMatchObject({ code: 'tag-missing', message: expect.stringContaining('"a", "b"') });
  });

  folderTest.for([
    ['a folder that is not there', 'input-missing', async (path: string) => rm(path, { recursive: true })],
    ['a file', 'input-invalid', async (path: string) => rm(path, { recursive: true }).then(() => writeFile(path, 'x'))],
    ['an empty folder', 'input-missing', async () => undefined],
    ['no index.json', 'input-missing', async (path: string) => writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')],
    ['another version', 'input-invalid', async (path: string) => writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}')],
    [
      'a folder as index.json',
      'input-missing',
      async (path: string) =>
        writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}').then(() => mkdir(join(path, 'index.json'))),
    ],
    [
      'an index.json that is none',
      'manifest-invalid',
      async (path: string) =>
        writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}').then(() => writeFile(join(path, 'index.json'), '{}')),
    ],
    [
      'an empty index.json',
      'manifest-missing',
      async (path: string) =>
        writeFile(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}').then(() =>
          writeFile(join(path, 'index.json'), '{"schemaVersion":2,"manifests":null}'),
        ),
    ],
    ['links in a circle', 'input-invalid', async (path: string) => symlink('oci-layout', join(path, 'oci-layout'))],
  ] as const)('%s', async ([, code, prepare], { folder }) => {
    const path = join(folder, 'layout');
    await mkdir(path);
    await prepare(path);
    expect((await rejection(copyBack(openLayoutSource({ path })))).code).toBe(code);
  });

  folderTest('a blob or manifest that is missing, shorter or changed', async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64');
    await copyTo(createLayoutTarget({ path: folder }), graph, root);
    const manifest = parseManifest(graph.manifests.get(root.digest)!);
    const layer = manifest.kind === 'image' ? manifest.layers[0]! : expect.unreachable();
    for (const [{ digest, size }, missing] of [
      [layer, 'blob-missing'],
      [root, 'manifest-missing'],
    ] as const) {
      const path = join(folder, blobFileName(digest));
      const bytes = await readFile(path);
      await writeFile(
        path,
        bytes.map((byte) => byte ^ 1),
      );
      expect(await rejection(copyBack(openLayoutSource({ path: folder })))).toMatchObject({ code: 'digest-mismatch', side: 'source' });
      await truncate(path, size - 1);
      expect(await rejection(copyBack(openLayoutSource({ path: folder })))).toMatchObject({ code: 'size-mismatch', side: 'source' });
      await rm(path);
      expect(await rejection(copyBack(openLayoutSource({ path: folder })))).toMatchObject({ code: missing, side: 'source' });
      await writeFile(path, bytes);
    }
  });

  folderTest('what it names is no manifest', async ({ folder }) => {
    const graph = createGraph();
    const blob = addBlob(graph, 'text/plain', 'x');
    await copyTo(createLayoutTarget({ path: folder }), graph, addManifest(graph, mediaTypes.imageIndex, { manifests: [] }));
    await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [blob] }));
    expect((await rejection(copyBack(openLayoutSource({ path: folder })))).code).toBe('media-type-unsupported');
  });
});

describe('a layout with a Docker schema 1 manifest', () => {
  const schema1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

  folderTest('is refused by name, by its type already', async ({ folder }) => {
    const graph = createGraph();
    await copyTo(createLayoutTarget({ path: folder }), graph, await addImage(graph, 'linux/amd64'));
    await writeFile(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [addBlob(graph, schema1, '{}')] }));
    expect((await rejection(copyBack(openLayoutSource({ path: folder })))).code).toBe('schema-1-unsupported');
  });

  folderTest('within an index, too', async ({ folder }) => {
    const graph = createGraph();
    const root = addManifest(graph, mediaTypes.imageIndex, { manifests: [addBlob(graph, schema1, '{}')] });
    expect((await rejection(copyTo(createLayoutTarget({ path: folder }), graph, root))).code).toBe('schema-1-unsupported');
  });
});

describe('a layout that cannot be written', () => {
  folderTest('because a file stands in the way', async ({ folder }) => {
    const graph = createGraph();
    await writeFile(join(folder, 'x'), '');
    const error = await rejection(copyTo(createLayoutTarget({ path: join(folder, 'x') }), graph, await addImage(graph, 'linux/amd64')));
    expect(error).toMatchObject({ code: 'output-failed', side: 'target' });
  });

  folderTest('because its index.json is broken: it stays as it is', async ({ folder }) => {
    const graph = createGraph();
    await writeFile(join(folder, 'index.json'), 'mine');
    const error = await rejection(
      copyTo(createLayoutTarget({ path: folder, reference: 'a' }), graph, await addImage(graph, 'linux/amd64')),
    );
    expect(error).toMatchObject({ code: 'manifest-invalid', side: 'target' });
    expect(await readFile(join(folder, 'index.json'), 'utf8')).toBe('mine');
  });
});

describePeer(['skopeo', 'umoci'], 'a layout of real tools', () => {
  folderTest('what skopeo wrote is read, and what we write skopeo reads', async ({ folder }) => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
    const [ours, theirs] = [join(folder, 'ours'), join(folder, 'theirs')];
    await copyTo(createLayoutTarget({ path: ours, reference: '1.0' }), graph, root);
    const skopeo = await openSkopeo();
    try {
      const { code, stderr } = await skopeo.run(['copy', '--all', '--preserve-digests', `oci:${ours}:1.0`, `oci:${theirs}:2.0`]);
      expect(code, stderr).toBe(0);
    } finally {
      await skopeo.close();
    }
    const back = await copyBack(openLayoutSource({ path: theirs, reference: '2.0' }));
    expect(back.root.digest).toBe(root.digest);
    expect(back.graph.blobs).toEqual(graph.blobs);
  });

  folderTest('what umoci made is read', async ({ folder }) => {
    const path = join(folder, 'image');
    for (const args of [
      ['init', '--layout', path],
      ['new', '--image', `${path}:a`],
      ['config', '--image', `${path}:a`, '--tag', 'b', '--config.cmd', '/x'],
    ]) {
      const { code, stderr } = await runCommand([peerPath('umoci'), ...args]);
      expect(code, stderr).toBe(0);
    }
    const back = await copyBack(openLayoutSource({ path, reference: 'b' }));
    expect(parseManifest(back.graph.manifests.get(back.root.digest)!).kind).toBe('image');
  });
});
