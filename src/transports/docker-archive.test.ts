import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, type Graph, packLayer } from '../../test/images/build-image.ts';
import { copyBack, copyTo } from '../../test/images/copy-back.ts';
import { folderTest } from '../../test/images/folder-test.ts';
import { type Dockerd, startDockerd } from '../../test/peers/dockerd.ts';
import { describePeer } from '../../test/peers/require-peer.ts';
import { openSkopeo } from '../../test/peers/skopeo.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { indexTar } from '../archive/tar-index.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { digestHex } from '../streams/hasher.ts';
import { createDockerArchiveTarget, openDockerArchiveSource } from './docker-archive.node.ts';
import { blobFileName } from './layout-files.ts';

type File = Pick<Header, 'name'> & Partial<Header> & { readonly body?: string | Uint8Array };

async function writeTar(path: string, files: readonly File[]): Promise<void> {
  const tar = pack();
  for (const { body = '', ...header } of files) tar.entry(header, typeof body === 'string' ? body : Buffer.from(body));
  tar.finalize();
  await writeFile(path, await buffer(tar));
}

/** As Docker before 25 saves: two images that share a layer by a link, uncompressed layers, no manifest. */
async function oldArchive(
  change: (images: { Config: string; RepoTags: string[] | null; Layers: string[] }[]) => void = () => undefined,
): Promise<File[]> {
  const [shared, own] = [await packLayer({ shared: 'shared' }), await packLayer({ own: 'own' })];
  const configOf = (diffIds: readonly string[], cmd: string): string =>
    JSON.stringify({ os: 'linux', architecture: 'amd64', config: { Cmd: [cmd] }, rootfs: { type: 'layers', diff_ids: diffIds } });
  const [first, second] = [configOf([shared.diffId], 'first'), configOf([shared.diffId, own.diffId], 'second')];
  const images = [
    { Config: 'first.json', RepoTags: ['app:1.0'] as string[] | null, Layers: ['aaa/layer.tar'] },
    { Config: 'second.json', RepoTags: ['ghcr.io/org/app:2.0', 'app:2.0'] as string[] | null, Layers: ['bbb/layer.tar', 'ccc/layer.tar'] },
  ];
  change(images);
  return [
    { name: 'aaa/', type: 'directory' },
    { name: 'aaa/VERSION', body: '1.0' },
    { name: 'aaa/layer.tar', body: shared.tar },
    { name: 'bbb/layer.tar', type: 'symlink', linkname: '../aaa/layer.tar' },
    { name: 'ccc/layer.tar', body: own.tar },
    { name: 'first.json', body: first },
    { name: 'second.json', body: second },
    { name: 'manifest.json', body: JSON.stringify(images) },
    { name: 'repositories', body: '{}' },
  ];
}

function imageOf({ root, graph }: { readonly root: Descriptor; readonly graph: Graph }): ImageManifest {
  const manifest = parseManifest(graph.manifests.get(root.digest)!, root.mediaType);
  return manifest.kind === 'image' ? manifest : expect.unreachable();
}

describe('an archive of docker save before 25', () => {
  folderTest('gives an image of its layers as they are, links followed', async ({ folder }) => {
    const path = join(folder, 'old.tar');
    await writeTar(path, await oldArchive());
    const image = imageOf(await copyBack(openDockerArchiveSource({ path, reference: 'ghcr.io/org/app:2.0' })));
    const diffIds = [await packLayer({ shared: 'shared' }), await packLayer({ own: 'own' })].map(({ diffId }) => diffId);
    expect(image.mediaType).toBe(mediaTypes.imageManifest);
    expect(image.config.mediaType).toBe(mediaTypes.imageConfig);
    expect(image.layers.map(({ digest }) => digest)).toEqual(diffIds);
    expect(image.layers.map(({ mediaType }) => mediaType)).toEqual([mediaTypes.layer, mediaTypes.layer]);
  });

  folderTest("finds an image by Docker's habits, in a compressed archive too", async ({ folder }) => {
    const path = join(folder, 'old.tar.gz');
    await writeTar(path, await oldArchive((images) => void (images[0]!.RepoTags = ['app:latest'])));
    await writeFile(path, gzipSync(await readFile(path)));
    for (const reference of ['app', 'docker.io/library/app:latest']) {
      expect(imageOf(await copyBack(openDockerArchiveSource({ path, reference }))).layers).toHaveLength(1);
    }
  });

  folderTest('gives the only one without a name', async ({ folder }) => {
    const path = join(folder, 'old.tar');
    await writeTar(path, await oldArchive((images) => void images.splice(0, 1)));
    expect(imageOf(await copyBack(openDockerArchiveSource({ path }))).layers).toHaveLength(2);
  });

  folderTest('gives compressed layers as they are', async ({ folder }) => {
    const path = join(folder, 'kaniko.tar');
    const { gzip, diffId } = await packLayer({ a: 'b' });
    await writeTar(path, [
      { name: 'sha256:config', body: JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [diffId] } }) },
      { name: 'layer.tar.gz', body: gzip },
      { name: 'manifest.json', body: JSON.stringify([{ Config: 'sha256:config', RepoTags: null, Layers: ['layer.tar.gz'] }]) },
    ]);
    const [layer] = imageOf(await copyBack(openDockerArchiveSource({ path }))).layers;
    expect(layer).toEqual({ mediaType: mediaTypes.layerGzip, digest: `sha256:${digestHex('sha256', gzip)}`, size: gzip.byteLength });
  });

  folderTest('with a layer that is not the one of the config is refused', async ({ folder }) => {
    const path = join(folder, 'wrong.tar');
    await writeTar(path, await oldArchive((images) => void (images[1]!.Layers = ['ccc/layer.tar', 'bbb/layer.tar'])));
    expect(await rejection(copyBack(openDockerArchiveSource({ path, reference: 'app:2.0' })))).toMatchObject({
      code: 'digest-mismatch',
      side: 'source',
    });
  });

  folderTest.for([
    ['no name, and there are two', undefined, 'reference-ambiguous'],
    ['a name it has not', 'other', 'tag-missing'],
    ['what is no name', 'App', 'name-invalid'],
  ] as const)('asked for %s: says which there are', async ([, reference, code], { folder }) => {
    const path = join(folder, 'old.tar');
    await writeTar(path, await oldArchive());
    const error = await rejection(openDockerArchiveSource({ path, reference }));
    expect(error.code).toBe(code);
    if (code !== 'name-invalid') expect(error.message).toContain('"app:1.0", "ghcr.io/org/app:2.0", "app:2.0"');
  });

  folderTest.for([
    ['no manifest.json', 'archive-invalid', (files: File[]) => files.filter(({ name }) => name !== 'manifest.json')],
    ['an empty one', 'manifest-missing', (files: File[]) => [...files, { name: 'manifest.json', body: '[]' }]],
    ['one that is no list', 'manifest-invalid', (files: File[]) => [...files, { name: 'manifest.json', body: '{}' }]],
    ['no config', 'archive-invalid', (files: File[]) => files.filter(({ name }) => name !== 'first.json')],
    ['no layer', 'archive-invalid', (files: File[]) => files.filter(({ name }) => name !== 'aaa/layer.tar')],
    ['a config that is none', 'manifest-invalid', (files: File[]) => [...files, { name: 'first.json', body: 'x' }]],
    ['a layer too few', 'archive-invalid', (files: File[]) => [...files, { name: 'first.json', body: '{"rootfs":{"diff_ids":[]}}' }]],
    [
      'a config above it',
      'archive-invalid',
      (files: File[]) => [...files, { name: 'manifest.json', body: '[{"Config":"../../etc/passwd","Layers":[]}]' }],
    ],
  ] as const)('with %s is refused', async ([, code, change], { folder }) => {
    const path = join(folder, 'bad.tar');
    await writeTar(path, change(await oldArchive((images) => void images.splice(1, 1))));
    expect((await rejection(openDockerArchiveSource({ path }))).code).toBe(code);
  });

  folderTest('that is a plain layout says how to read it', async ({ folder }) => {
    const path = join(folder, 'layout.tar');
    await writeTar(path, [{ name: 'oci-layout', body: '{}' }]);
    expect((await rejection(openDockerArchiveSource({ path }))).hint).toContain('oci-archive:');
  });
});

describe('an archive of docker save since 25', () => {
  /** A layout, and the image of it that manifest.json names; without what `without` names. */
  async function newArchive(graph: Graph, root: Descriptor, image: ImageManifest, without: readonly string[] = []): Promise<File[]> {
    const contents = [...graph.blobs, ...graph.manifests].filter(([digest]) => !without.includes(digest));
    return [
      ...contents.map(([digest, body]) => ({ name: blobFileName(digest as Descriptor['digest']), body })),
      { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
      { name: 'index.json', body: JSON.stringify({ schemaVersion: 2, manifests: [root] }) },
      {
        name: 'manifest.json',
        body: JSON.stringify([
          {
            Config: blobFileName(image.config.digest),
            RepoTags: ['app:1'],
            Layers: image.layers.map(({ digest }) => blobFileName(digest)),
          },
        ]),
      },
    ];
  }

  folderTest('keeps the digest that the image has in it', async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64', ['a', 'b']);
    const path = join(folder, 'new.tar');
    await writeTar(path, await newArchive(graph, root, imageOf({ root, graph })));
    const back = await copyBack(openDockerArchiveSource({ path, reference: 'app:1' }));
    expect(back.root.digest).toBe(root.digest);
    expect(back.graph).toEqual(graph);
  });

  folderTest('gives the whole index where all of it is there, else the image that is', async ({ folder }) => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
    const [amd64, arm64] = [...graph.manifests.keys()];
    const image = imageOf({ root: { ...root, mediaType: mediaTypes.imageManifest, digest: amd64 as Descriptor['digest'] }, graph });
    const path = join(folder, 'new.tar');
    await writeTar(path, await newArchive(graph, root, image));
    expect((await copyBack(openDockerArchiveSource({ path }))).root.digest).toBe(root.digest);
    await writeTar(path, await newArchive(graph, root, image, [arm64!]));
    expect((await copyBack(openDockerArchiveSource({ path }))).root.digest).toBe(amd64);
  });
});

describe('writing an archive for docker load', () => {
  folderTest('gives back the same image, and names it for old and new Dockers', async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64', ['a', 'b']);
    const path = join(folder, 'image.tar');
    await copyTo(createDockerArchiveTarget({ path, reference: 'app:1' }), graph, root);
    const back = await copyBack(openDockerArchiveSource({ path, reference: 'app:1' }));
    expect(back.root.digest).toBe(root.digest);
    expect(back.graph).toEqual(graph);
    const index = await indexTar(bytesSource(await readFile(path)));
    expect(index.names.filter((name) => !name.startsWith('blobs/'))).toEqual(['index.json', 'manifest.json', 'oci-layout']);
    expect(await readdir(folder)).toEqual(['image.tar']);
  });

  folderTest('refuses an artifact, and an index', async ({ folder }) => {
    const graph = createGraph();
    const path = join(folder, 'image.tar');
    const artifact = addManifest(graph, mediaTypes.imageManifest, { config: addBlob(graph, mediaTypes.emptyJson, '{}'), layers: [] });
    expect((await rejection(copyTo(createDockerArchiveTarget({ path }), graph, artifact))).code).toBe('media-type-unsupported');
    const index = await addIndex(graph, ['linux/amd64']);
    expect((await rejection(copyTo(createDockerArchiveTarget({ path }), graph, index))).code).toBe('reference-ambiguous');
    expect(await readdir(folder)).toEqual([]);
  });
});

describePeer('skopeo', 'an archive for docker load, with skopeo', () => {
  folderTest('is read by it, and read from it', async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64', ['a', 'b']);
    const [ours, theirs] = [join(folder, 'ours.tar'), join(folder, 'theirs.tar')];
    await copyTo(createDockerArchiveTarget({ path: ours, reference: 'app:1' }), graph, root);
    const skopeo = await openSkopeo();
    try {
      const { code, stderr } = await skopeo.run(['copy', `docker-archive:${ours}:app:1`, `docker-archive:${theirs}:app:2`]);
      expect(code, stderr).toBe(0);
    } finally {
      await skopeo.close();
    }
    const back = await copyBack(openDockerArchiveSource({ path: theirs, reference: 'app:2' }));
    expect(imageOf(back).config.digest).toBe(imageOf({ root, graph }).config.digest);
    expect(imageOf(back).layers.map(({ mediaType }) => mediaType)).toEqual([mediaTypes.layer, mediaTypes.layer]);
  });
});

describePeer('dockerd', 'an archive for docker load, with Docker', () => {
  let dockerd: Dockerd;
  beforeAll(async () => {
    dockerd = await startDockerd();
  }, 60_000);
  afterAll(() => dockerd.close());

  folderTest('is loaded by it, under its name, and read back as it saves it', { timeout: 60_000 }, async ({ folder }) => {
    const graph = createGraph();
    const root = await addImage(graph, 'linux/amd64', ['a', 'b']);
    const [ours, theirs] = [join(folder, 'ours.tar'), join(folder, 'theirs.tar')];
    await copyTo(createDockerArchiveTarget({ path: ours, reference: 'app:1' }), graph, root);
    const loaded = await dockerd.docker(['load', '--input', ours]);
    expect(loaded, loaded.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('app:1') });
    const saved = await dockerd.docker(['save', '--output', theirs, 'app:1']);
    expect(saved.code, saved.stderr).toBe(0);
    const back = await copyBack(openDockerArchiveSource({ path: theirs, reference: 'app:1' }));
    expect(imageOf(back).config.digest).toBe(imageOf({ root, graph }).config.digest);
    expect(imageOf(back).layers.map(({ digest }) => digest)).toEqual(
      [await packLayer({ 'file-0': 'a' }), await packLayer({ 'file-1': 'b' })].map(({ diffId }) => diffId),
    );
  });
});
