import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { MirrorReport } from '../../src/mirror/mirror-report.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { openRemote } from '../../src/runtime/open-remote.node.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketSource } from '../../src/transports/bucket-source.ts';
import { createRegistryTarget } from '../../src/transports/registry-target.ts';
import { type CommandLine, openCommandLine } from '../cli/command-line.ts';
import { openTestBucket } from '../cli/open-test-bucket.ts';
import { addBlob, addImage, addIndex, addManifest, createGraph, type Graph } from '../images/build-image.ts';
import { copyBack } from '../images/copy-back.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { type PeerRegistry, startCraneRegistry } from '../peers/crane-registry.ts';
import { startDistribution } from '../peers/distribution.ts';
import { startMinio } from '../peers/minio.ts';
import type { PeerName } from '../peers/peers.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createPeerBucket, type S3Peer } from '../peers/s3-peer.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../peers/temporary-folder.ts';

/** `sesame`, by bcrypt with its smallest cost. */
const htpasswd = 'ada:$2b$04$0HvEcYGrhky03rUEKwfFkunUmbKqWOyDYcB0qVZMTDHGXw8XWkvKC\n';
const name = parseRepositoryName('team/app');

interface Case {
  readonly peer: PeerName;
  readonly title: string;
  readonly start: () => Promise<PeerRegistry>;
  readonly auth?: string;
}

const cases: readonly Case[] = [
  { peer: 'crane', title: 'the registry of crane', start: () => startCraneRegistry() },
  {
    peer: 'distribution',
    title: 'distribution with a login',
    start: () => startDistribution({ htpasswd }),
    auth: Buffer.from('ada:sesame').toString('base64'),
  },
];

/** Images by tag, and what refers to the first of them. */
async function buildImages(): Promise<{
  graph: Graph;
  images: Readonly<Record<string, Descriptor>>;
  index: Descriptor;
  referrer: Descriptor;
}> {
  const graph = createGraph();
  const index = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
  const refer = (text: string, subject?: Descriptor): Descriptor => {
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const layers = [addBlob(graph, 'application/vnd.example', text)];
    return addManifest(graph, mediaTypes.imageManifest, {
      artifactType: 'application/vnd.example',
      config,
      layers,
      ...(subject && { subject }),
    });
  };
  const referrer = refer('sbom', index);
  const large = await addImage(graph, 'linux/amd64', ['large '.repeat(100_000), 'small']);
  const images = { '1.0': index, latest: index, '2.0': large, [`${index.digest.replace(':', '-')}.sig`]: refer('cosign') };
  return { graph, images, index, referrer };
}

for (const { peer, title, start, auth } of cases) {
  describePeer([peer, 'minio'], `a mirror of ${title} on MinIO`, () => {
    let registry: PeerRegistry;
    let store: S3Peer;
    let folder: TemporaryFolder;
    let commands: CommandLine;
    let built: Awaited<ReturnType<typeof buildImages>>;
    let reached: ReturnType<typeof openTestBucket>;

    beforeAll(async () => {
      [registry, store, folder, built] = await Promise.all([start(), startMinio(), createTemporaryFolder('mirror'), buildImages()]);
      await vi.waitFor(() => createPeerBucket(store, 'bucket'), { timeout: 20_000, interval: 100 });
      const authFile = join(folder.path, 'auth.json');
      await writeFile(authFile, JSON.stringify({ auths: auth === undefined ? {} : { [registry.host]: { auth } } }));
      reached = openTestBucket(store);
      const environment = { ...reached.environment, REGISTRY_AUTH_FILE: authFile };
      await mkdir(join(folder.path, 'home'));
      commands = openCommandLine({ folder: join(folder.path, 'home'), environment });
      const remote = openRemote({ kind: 'registry', host: registry.host }, name, environment);
      for (const [tag, root] of Object.entries(built.images)) {
        const target = createRegistryTarget({ push: remote.push, tag: parseTag(tag), location: tag });
        await copyImage(createMemorySource(built.graph, root), target, { referrers: true });
      }
      await remote.close();
    });
    afterAll(async () => {
      await reached.bucket.close();
      await Promise.all([registry.close(), store.close()]);
      await folder.remove();
    });

    const mirror = async (): Promise<MirrorReport> => {
      const { code, stdout, stderr } = await commands.run('mirror', `${registry.host}/${name}`, 's3://bucket/mirrors/app', '--json');
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) as unknown });
      return JSON.parse(stdout) as MirrorReport;
    };

    test('has all images whole, under their digests, with referrers and cosign’s tags', async () => {
      expect((await mirror()).totals).toMatchObject({ copied: 3, tagged: 1, failed: 0, failedRepositories: 0 });
      const repository = openRepository(reached.bucket, parseRepositoryName('mirrors/app'));
      expect(await repository.tags.list()).toEqual(Object.keys(built.images).toSorted());
      for (const [tag, { digest }] of Object.entries(built.images)) {
        const source = createBucketSource(repository, { reference: parseTag(tag), location: tag });
        expect((await copyBack(Promise.resolve(source))).root.digest).toBe(digest);
      }
      const referrers = await repository.referrers.list(built.index.digest);
      expect(referrers?.map(({ digest }) => digest)).toEqual([built.referrer.digest]);
    });

    test('is in step from then on', async () => {
      expect((await mirror()).totals).toMatchObject({ unchanged: 4, copied: 0, tagged: 0, blobs: 0 });
    });
  });
}
