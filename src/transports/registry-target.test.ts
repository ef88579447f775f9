import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { addBlob, addIndex, addManifest, createGraph, type Graph } from '../../test/images/build-image.ts';
import { copyBack } from '../../test/images/copy-back.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from '../../test/token-registry/token-registry.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { createRegistryClient } from '../remote/registry-client.ts';
import { openRemotePush } from '../remote/remote-push.ts';
import { openRemoteRepository, type RemoteRepository } from '../remote/remote-repository.ts';
import { copyImage, type CopyOptions, type CopyResult } from '../transfer/copy-image.ts';
import { createRegistrySource } from './registry.ts';
import { createRegistryTarget } from './registry-target.ts';

const http = createNodeHttpClient({ env: {} });
const opened: TokenRegistry[] = [];
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
});
afterAll(() => http.close());

interface Opened {
  readonly registry: TokenRegistry;
  readonly repository: RemoteRepository;
  readonly copy: (graph: Graph, root: Descriptor, options?: CopyOptions & { readonly tag?: string | undefined }) => Promise<CopyResult>;
}

async function open(options: Partial<TokenRegistryOptions> = {}): Promise<Opened> {
  const registry = await startTokenRegistry({ login: { kind: 'bearer' }, ...options });
  opened.push(registry);
  const clock = createVirtualClock();
  const client = createRegistryClient({ host: registry.host, http, clock, credentials: async () => undefined });
  const name = parseRepositoryName('team/app');
  return {
    registry,
    repository: openRemoteRepository(client, name, clock),
    copy: (graph, root, { tag = '1.0', ...copyOptions } = {}) => {
      const location = `docker://${registry.host}/team/app:${tag}`;
      const push = openRemotePush({ client, name, clock });
      const target = createRegistryTarget({ push, tag: tag === '' ? undefined : parseTag(tag), location });
      return copyImage(createMemorySource(graph, root), target, copyOptions);
    },
  };
}

function addReferrer(graph: Graph, subject: Descriptor, artifactType: string): Descriptor {
  const config = addBlob(graph, mediaTypes.emptyJson, '{}');
  const annotations = { 'com.example.about': subject.digest };
  const referrer = addManifest(graph, mediaTypes.imageManifest, { artifactType, config, layers: [], subject, annotations });
  // As an index of referrers names it
  graph.referrers.set(
    subject.digest,
    (graph.referrers.get(subject.digest) ?? []).map((each) => (each.digest === referrer.digest ? { ...each, artifactType } : each)),
  );
  return { ...referrer, artifactType };
}

/** References under which manifests were put, in their order. */
function putReferences({ requests }: TokenRegistry): string[] {
  return requests.flatMap(({ line }) => /^PUT .*\/manifests\/(.*)$/.exec(line)?.[1] ?? []);
}

describe('an image pushed to a registry', () => {
  test('is whole, by tag', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64'], true);
    const { registry, repository, copy } = await open();
    await copy(graph, root);
    expect(putReferences(registry).at(-1)).toBe('1.0');
    const back = await copyBack(
      Promise.resolve(createRegistrySource({ repository, reference: '1.0', location: 'docker://tests/team/app:1.0' })),
    );
    expect(back.root).toEqual(root);
    expect(back.graph.manifests.size).toBe(graph.manifests.size);
  });

  test('has no name where none is given', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64']);
    const { registry, copy } = await open();
    await copy(graph, root, { tag: '' });
    expect(registry.tags).toEqual([]);
    expect(registry.manifests.has(root.digest)).toBe(true);
  });

  test('is not looked at again below what is there', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64', 'linux/arm64']);
    const { registry, copy } = await open();
    await copy(graph, root);
    const before = registry.requests.length;
    await copy(graph, root, { tag: '2.0' });
    const asked = registry.requests.slice(before).map(({ line }) => line.replace('/v2/team/app/', ''));
    expect(asked.filter((line) => line.includes('blobs'))).toEqual([]);
    expect(asked.filter((line) => line.startsWith('PUT'))).toEqual([`PUT manifests/${root.digest}`, 'PUT manifests/2.0']);
  });

  test('keeps its tag when a push over it fails, and says that the target did', async () => {
    const graph = createGraph();
    const [old, next] = [await addIndex(graph, ['linux/amd64']), await addIndex(graph, ['linux/arm64'])];
    const { registry, repository, copy } = await open();
    await copy(graph, old);
    registry.interruptions.push({ method: 'PUT', status: 403 });
    expect(await rejection(copy(graph, next, { discard: true, concurrency: 1 }))).toMatchObject({ code: 'denied', side: 'target' });
    expect((await repository.getManifest('1.0')).descriptor.digest).toBe(old.digest);
    expect(registry.openUploads.size).toBe(0);
  });

  test('blames the source for bytes that are not what they should be', async () => {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64']);
    for (const [digest, bytes] of graph.blobs)
      graph.blobs.set(
        digest,
        bytes.map((byte) => byte ^ 1),
      );
    const { registry, copy } = await open();
    expect(await rejection(copy(graph, root))).toMatchObject({ code: 'digest-mismatch', side: 'source' });
    expect(registry.blobs.size).toBe(0);
    expect(registry.manifests.size).toBe(0);
  });
});

describe('what refers to an image that is pushed to a registry', () => {
  async function withReferrers(): Promise<{ graph: Graph; root: Descriptor; referrers: Descriptor[] }> {
    const graph = createGraph();
    const root = await addIndex(graph, ['linux/amd64']);
    return { graph, root, referrers: ['application/vnd.one', 'application/vnd.two'].map((type) => addReferrer(graph, root, type)) };
  }

  test('is left to a registry that lists it by itself', async () => {
    const { graph, root, referrers } = await withReferrers();
    const { registry, repository, copy } = await open({ listsReferrers: true });
    await copy(graph, root, { referrers: true });
    expect(registry.tags).toEqual(['1.0']);
    const listed = await repository.listReferrers(root.digest);
    expect(new Set(listed.map(({ digest }) => digest))).toEqual(new Set(referrers.map(({ digest }) => digest)));
  });

  test('is listed under its tag elsewhere, in one write, with type and annotations, before the tag of the image', async () => {
    const { graph, root, referrers } = await withReferrers();
    const { registry, repository, copy } = await open();
    await copy(graph, root, { referrers: true });
    expect(putReferences(registry).slice(-2)).toEqual([root.digest.replace(':', '-'), '1.0']);
    const listed = await repository.listReferrers(root.digest);
    expect(listed.toSorted((a, b) => a.digest.localeCompare(b.digest))).toEqual(
      referrers
        .map((each) => ({ ...each, annotations: { 'com.example.about': root.digest } }))
        .toSorted((a, b) => a.digest.localeCompare(b.digest)),
    );
  });

  test('is listed by the next push when one ended before it could', async () => {
    const { graph, root, referrers } = await withReferrers();
    const { registry, repository, copy } = await open();
    const stop = new AbortController();
    const stopped = copy(graph, root, {
      referrers: true,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === 'manifest-done' && event.manifest.digest === referrers[1]?.digest) stop.abort();
      },
    });
    expect(await rejection(stopped)).toMatchObject({ code: 'aborted' });
    expect(registry.manifests.has(referrers[0]!.digest)).toBe(true);
    expect(await repository.listReferrers(root.digest)).toEqual([]);
    await copy(graph, root, { referrers: true });
    expect(await repository.listReferrers(root.digest)).toHaveLength(2);
  });
});
