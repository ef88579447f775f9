import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addBlob, addIndex, addManifest, createGraph, type Graph } from '../../test/images/build-image.ts';
import { copyBack } from '../../test/images/copy-back.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryTarget } from '../../test/images/memory-target.ts';
import { type PeerRegistry, startCraneRegistry } from '../../test/peers/crane-registry.ts';
import { openCrane } from '../../test/peers/crane.ts';
import { startDistribution } from '../../test/peers/distribution.ts';
import { openOras } from '../../test/peers/oras.ts';
import type { PeerName } from '../../test/peers/peers.ts';
import { describePeer } from '../../test/peers/require-peer.ts';
import { openSkopeo } from '../../test/peers/skopeo.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import type { HttpClient } from '../http/http-client.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { openRepository } from '../registry/repository.ts';
import type { CredentialsLookup } from '../remote/credentials.ts';
import { createRegistryClient, type RegistryClient } from '../remote/registry-client.ts';
import { openRemotePush } from '../remote/remote-push.ts';
import { openRemoteRepository } from '../remote/remote-repository.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { systemClock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import { verifyBytes } from '../streams/verify.ts';
import { copyImage } from '../transfer/copy-image.ts';
import type { ImageTarget } from '../transfer/image-target.ts';
import { createBucketSource } from './bucket-source.ts';
import { createBucketTarget } from './bucket-target.ts';
import { openLayoutSource } from './oci-layout.node.ts';
import { createRegistrySource } from './registry.ts';
import { createRegistryTarget } from './registry-target.ts';

const tag = parseTag('1.0');
const login = { username: 'ada', password: 'sesame' };
/** `sesame`, by bcrypt with its smallest cost. */
const htpasswd = 'ada:$2b$04$0HvEcYGrhky03rUEKwfFkunUmbKqWOyDYcB0qVZMTDHGXw8XWkvKC\n';

interface Case {
  readonly peer: PeerName;
  readonly title: string;
  readonly start: () => Promise<PeerRegistry>;
  readonly login?: typeof login;
}

const cases: readonly Case[] = [
  { peer: 'crane', title: 'the registry of crane', start: () => startCraneRegistry() },
  { peer: 'distribution', title: 'distribution', start: () => startDistribution() },
  { peer: 'distribution', title: 'distribution with a login', start: () => startDistribution({ htpasswd }), login },
];

/** An index with attestations, what refers to it, and what refers to that. */
async function buildImage(): Promise<{ graph: Graph; root: Descriptor; signature: Descriptor; note: Descriptor }> {
  const graph = createGraph();
  const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
  const refer = (subject: Descriptor, artifactType: string): Descriptor => {
    const config = addBlob(graph, mediaTypes.emptyJson, '{}');
    const layers = [addBlob(graph, 'application/vnd.example', `about ${subject.digest}`)];
    const annotations = { 'com.example.kind': artifactType };
    return addManifest(graph, mediaTypes.imageManifest, { artifactType, config, layers, subject, annotations });
  };
  const signature = refer(root, 'application/vnd.example.signature');
  return { graph, root, signature, note: refer(signature, 'application/vnd.example.note') };
}

function digestsOf({ manifests, blobs }: Graph): string[] {
  return [...manifests.keys(), ...blobs.keys()].toSorted();
}

for (const { peer, title, start, login: wanted } of cases) {
  describePeer([peer, 'crane', 'skopeo', 'oras'], `a push to ${title}`, () => {
    const http = createNodeHttpClient({ env: {} });
    const credentials: CredentialsLookup = async () => wanted && { kind: 'password', ...wanted };
    let registry: PeerRegistry;
    let client: RegistryClient;
    let image: Awaited<ReturnType<typeof buildImage>>;

    const targetOf = (name: string, mountFrom?: string): ImageTarget =>
      createRegistryTarget({
        push: openRemotePush({
          client,
          name: parseRepositoryName(name),
          clock: systemClock,
          mountFrom: mountFrom === undefined ? undefined : parseRepositoryName(mountFrom),
        }),
        tag,
        location: `docker://${registry.host}/${name}:${tag}`,
      });
    const repositoryOf = (name: string) => openRemoteRepository(client, parseRepositoryName(name), systemClock);
    const sourceOf = (name: string) =>
      createRegistrySource({ repository: repositoryOf(name), reference: tag, location: `docker://${name}` });

    beforeAll(async () => {
      registry = await start();
      client = createRegistryClient({ host: registry.host, http, clock: systemClock, credentials });
      image = await buildImage();
      await copyImage(createMemorySource(image.graph, image.root), targetOf('team/app'), { referrers: true });
    });

    afterAll(async () => {
      await registry.close();
      await http.close();
    });

    test('crane finds the digest under the tag, and pulls the index', async () => {
      const crane = await openCrane();
      const reference = `${registry.host}/team/app:${tag}`;
      if (wanted) await crane.run(['auth', 'login', registry.host, '-u', wanted.username, '-p', wanted.password]);
      expect(await crane.run(['digest', reference])).toMatchObject({ code: 0, stdout: `${image.root.digest}\n` });
      const path = join(crane.home, 'image');
      expect(await crane.run(['pull', '--format', 'oci', reference, path])).toMatchObject({ code: 0 });
      const back = await copyBack(openLayoutSource({ path }));
      expect(back.root.digest).toBe(image.root.digest);
      await crane.close();
    });

    test('skopeo copies all of it back, with the same digests', async () => {
      const skopeo = await openSkopeo();
      const path = join(skopeo.home, 'image');
      const creds = wanted ? [`--src-creds=${wanted.username}:${wanted.password}`] : [];
      const from = `docker://${registry.host}/team/app:${tag}`;
      const copied = await skopeo.run(['copy', '--all', '--preserve-digests', '--src-tls-verify=false', ...creds, from, `oci:${path}:1.0`]);
      expect(copied, copied.stderr).toMatchObject({ code: 0 });
      const back = await copyBack(openLayoutSource({ path, reference: '1.0' }));
      expect(back.root.digest).toBe(image.root.digest);
      await skopeo.close();
    });

    test('oras discovers what refers to it, and to that', async () => {
      const oras = await openOras();
      const creds = wanted ? ['-u', wanted.username, '-p', wanted.password] : [];
      const reference = `${registry.host}/team/app:${tag}`;
      const found = await oras.run(['discover', '--plain-http', ...creds, '--format', 'json', reference]);
      expect(found, found.stderr).toMatchObject({ code: 0 });
      expect(found.stdout).toContain(image.signature.digest);
      expect(found.stdout).toContain(image.note.digest);
      expect(found.stdout).toContain('com.example.kind');
      await oras.close();
    });

    test('sends nothing but the root and what refers when it is pushed again', async () => {
      const again = await copyImage(createMemorySource(image.graph, image.root), targetOf('team/app'), { referrers: true });
      expect(again.summary).toMatchObject({ blobs: 0 });
      const listed = await repositoryOf('team/app').listReferrers(image.root.digest);
      expect(listed.map(({ digest }) => digest)).toEqual([image.signature.digest]);
    });

    test('takes a blob of many megabytes, and an empty one', async () => {
      const graph = createGraph();
      const large = addBlob(
        graph,
        mediaTypes.layer,
        Uint8Array.from({ length: 20_000_000 }, (_, index) => (index * 31) >> 7),
      );
      const empty = addBlob(graph, mediaTypes.layer, '');
      const root = addManifest(graph, mediaTypes.imageManifest, {
        config: addBlob(graph, mediaTypes.imageConfig, '{}'),
        layers: [large, empty],
      });
      await copyImage(createMemorySource(graph, root), targetOf('team/large'));
      const back = await copyBack(Promise.resolve(sourceOf('team/large')));
      expect(back.root).toEqual(root);
      expect(Buffer.compare(back.graph.blobs.get(large.digest)!, graph.blobs.get(large.digest)!)).toBe(0);
    });

    test('takes in chunks what a proxy before it does not let through whole', async () => {
      const methods: string[] = [];
      const proxied: HttpClient = {
        ...http,
        async send(request) {
          methods.push(request.method);
          if (request.method !== 'PUT' || (request.body?.size ?? 0) < 1_000_000) return http.send(request);
          return { status: 413, headers: {}, body: bytesSource(new Uint8Array()).open() };
        },
      };
      const name = parseRepositoryName('team/chunks');
      const throughProxy = createRegistryClient({ host: registry.host, http: proxied, clock: systemClock, credentials });
      const push = openRemotePush({ client: throughProxy, name, clock: systemClock });
      const bytes = Uint8Array.from({ length: 20_000_000 }, (_, index) => (index * 31) >> 6);
      const blob = addBlob(createGraph(), mediaTypes.layer, bytes);
      await push.putBlob(blob, bytesSource(bytes));
      expect(methods.filter((method) => method === 'PATCH').length).toBeGreaterThanOrEqual(3);
      const stored = repositoryOf('team/chunks').blob(blob).open();
      await verifyBytes(await readAll(stored, blob.size, 'the blob'), blob);
    });

    test('keeps every digest from a bucket to a registry and back into a bucket', async () => {
      const bucket = createMemoryBucket();
      const [before, after] = ['team/before', 'team/after'].map((name) => openRepository(bucket, parseRepositoryName(name)));
      const location = 'memory:';
      const options = { referrers: true };
      await copyImage(createMemorySource(image.graph, image.root), createBucketTarget(before!, { tag, location }), options);
      await copyImage(createBucketSource(before!, { reference: tag, location }), targetOf('team/between'), options);
      await copyImage(sourceOf('team/between'), createBucketTarget(after!, { tag, location }), options);
      const back = createMemoryTarget();
      await copyImage(createBucketSource(after!, { reference: tag, location }), back, options);
      expect(back.committed.map(({ digest }) => digest)).toEqual([image.root.digest]);
      // Each was verified on its way, so that the same digests are the same bytes
      expect(digestsOf(back.graph)).toEqual(digestsOf(image.graph));
    });

    test('mounts the blobs that another of its repositories has, and reads none of them', async () => {
      const source = sourceOf('team/app');
      const read: Descriptor[] = [];
      const watched = {
        ...source,
        blob: (blob: Descriptor) => {
          const bytes = source.blob(blob);
          return { ...bytes, open: () => (read.push(blob), bytes.open()) };
        },
      };
      const { root } = await copyImage(watched, targetOf('team/mounted', 'team/app'));
      expect(root.digest).toBe(image.root.digest);
      expect(read).toEqual([]);
      expect((await copyBack(Promise.resolve(sourceOf('team/mounted')))).root.digest).toBe(image.root.digest);
    });
  });
}
