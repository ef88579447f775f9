import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packTar } from '../../src/archive/pack-tar.ts';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { stagingRoot } from '../../src/layout/keys.ts';
import { parseImageConfig } from '../../src/oci/image-config.ts';
import { type ImageManifest, parseManifest } from '../../src/oci/manifest.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { type PeerRegistry, startCraneRegistry } from '../peers/crane-registry.ts';
import { openCrane } from '../peers/crane.ts';
import { type Dockerd, startDockerd } from '../peers/dockerd.ts';
import type { PeerCommand } from '../peers/peer-command.ts';
import { openPodman, type Podman } from '../peers/podman.ts';
import { describePeer } from '../peers/require-peer.ts';
import { openSkopeo } from '../peers/skopeo.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../peers/temporary-folder.ts';
import { pushTinyImage, TINY_IMAGE_OUTPUT } from '../peers/tiny-image.ts';
import { openBucketry } from './bucketry.ts';
import { openStatic } from './directory-places.ts';
import type { OpenPlace } from './place.ts';
import { expectSuccess } from './refusal.ts';

const ways: readonly (readonly [compression: string, mediaType: string])[] = [
  ['gzip', mediaTypes.layerGzip],
  ['zstd', mediaTypes.layerZstd],
  ['none', mediaTypes.layer],
];

/** What other tools have saved unpacked, packed on the way into a bucket, and pulled from there by other tools. */
describePeer('crane', 'an archive that is packed on the way', () => {
  let folder: TemporaryFolder;
  let registry: PeerRegistry;
  let place: OpenPlace;
  let crane: PeerCommand;
  let bucketry: PeerCommand;
  /** An image of a program and a layer so large that, packed, it is staged. */
  let image: string;

  beforeAll(async () => {
    folder = await createTemporaryFolder('packed');
    registry = await startCraneRegistry();
    crane = await openCrane();
    bucketry = await openBucketry();
    place = await openStatic(join(folder.path, 'bucket'));
    const tiny = `${registry.host}/tiny:1`;
    image = `${registry.host}/large:1`;
    await pushTinyImage(tiny);
    const layer = join(folder.path, 'layer.tar');
    const large = Buffer.concat([randomBytes(20_000_000), Buffer.from('text that packs well\n'.repeat(500_000))]);
    await writeFile(layer, packTar([{ name: 'large', source: bytesSource(large) }]));
    expectSuccess(await crane.run(['append', '-b', tiny, '-f', layer, '-t', image]));
  });

  afterAll(async () => {
    await crane.close();
    await bucketry.close();
    await place.close();
    await registry.close();
    await folder.remove();
  });

  /** Pushes an archive, packed so, and gives the reference by which clients pull it. */
  async function push(path: string, repository: string, compression: string): Promise<string> {
    const target = `file:${join(folder.path, 'bucket')}//${repository}:1`;
    expectSuccess(await bucketry.run(['push', `docker-archive:${path}`, target, '--compression', compression]));
    return `${place.host}/${repository}:1`;
  }

  async function readManifest(reference: string): Promise<ImageManifest> {
    const manifest = parseManifest(Buffer.from(expectSuccess(await crane.run(['manifest', reference]))));
    return manifest.kind === 'image' ? manifest : expect.unreachable();
  }

  /** Pushes it and has crane look at it. */
  async function pushAndValidate(path: string, repository: string, compression: string, mediaType: string): Promise<string> {
    const reference = await push(path, repository, compression);
    const { layers } = await readManifest(reference);
    expect(layers.map((layer) => layer.mediaType)).toEqual([mediaType, mediaType]);
    // It takes every layer for gzip, whatever its media type says.
    if (compression === 'gzip') expect(expectSuccess(await crane.run(['validate', '--remote', reference]))).toContain('PASS');
    if (compression === 'none') {
      const { diffIds } = parseImageConfig(Buffer.from(expectSuccess(await crane.run(['config', reference]))));
      expect(layers.map(({ digest }) => digest)).toEqual(diffIds);
    } else expect(layers[1]?.size).toBeLessThan(20_200_000);
    return reference;
  }

  describePeer(['podman', 'skopeo'], 'as podman saves it', () => {
    let podman: Podman;
    let skopeo: PeerCommand;
    let path: string;

    beforeAll(async () => {
      podman = await openPodman();
      skopeo = await openSkopeo();
      path = join(folder.path, 'podman.tar');
      expectSuccess(await podman.run(['pull', '--tls-verify=false', image]));
      expectSuccess(await podman.run(['save', '--format=docker-archive', `--output=${path}`, image]));
      expectSuccess(await podman.run(['rmi', image]));
    });

    afterAll(async () => {
      await podman.close();
      await skopeo.close();
    });

    test.each(ways)(
      'with %s is found right by crane and skopeo, and run by podman, which looks at the diff IDs',
      async (compression, mediaType) => {
        const reference = await pushAndValidate(path, `packed/podman-${compression}`, compression, mediaType);
        const copy = join(folder.path, `copy-${compression}`);
        expectSuccess(await skopeo.run(['copy', '--src-tls-verify=false', `docker://${reference}`, `oci:${copy}`]));
        expectSuccess(await podman.run(['pull', '--tls-verify=false', reference]));
        expect(expectSuccess(await podman.runContainer([reference]))).toBe(TINY_IMAGE_OUTPUT);
        expectSuccess(await podman.run(['rmi', reference]));
      },
    );

    test('is the same image each time, and nothing stays staged', async () => {
      const [first, second] = [await push(path, 'packed/first', 'gzip'), await push(path, 'packed/second', 'gzip')];
      expect(await readManifest(first)).toEqual(await readManifest(second));
      const bucket = await openDirectoryBucket({ root: join(folder.path, 'bucket'), create: false, fsync: false });
      const keys: string[] = [];
      for await (const entry of bucket.list({ prefix: stagingRoot })) keys.push(entry.kind === 'object' ? entry.key : entry.prefix);
      await bucket.close();
      expect(keys).toEqual([]);
    });
  });

  describePeer('dockerd', 'as Docker saves it', () => {
    let dockerd: Dockerd;

    beforeAll(async () => {
      dockerd = await startDockerd();
    });

    afterAll(() => dockerd.close());

    test('with gzip is found right by crane, and run by Docker', async () => {
      const path = join(folder.path, 'docker.tar');
      expectSuccess(await dockerd.docker(['pull', image]));
      expectSuccess(await dockerd.docker(['save', '--output', path, image]));
      expectSuccess(await dockerd.docker(['image', 'rm', image]));
      const reference = await pushAndValidate(path, 'packed/docker', 'gzip', mediaTypes.layerGzip);
      expectSuccess(await dockerd.docker(['pull', reference]));
      expect(expectSuccess(await dockerd.docker(['run', '--rm', '--network=none', reference]))).toBe(TINY_IMAGE_OUTPUT);
    });
  });
});
