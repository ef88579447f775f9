import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { rejection } from '../../test/coded-errors.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { describeBytes } from '../../test/images/build-image.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from '../../test/token-registry/token-registry.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { readAll } from '../streams/read-all.ts';
import { verify } from '../streams/verify.ts';
import { type Mirror, openMirroredRepository } from './mirrored-repository.ts';
import { createRegistryClient } from './registry-client.ts';
import { openRemoteRepository, type RemoteRepository } from './remote-repository.ts';

const http = createNodeHttpClient({ env: {} });
const opened: TokenRegistry[] = [];
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
});
afterAll(() => http.close());

const layer = Buffer.alloc(200_000, 'layer');
const blob = describeBytes(mediaTypes.layer, layer);
const index = (annotation: string): Buffer =>
  Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageIndex, manifests: [], annotations: { from: annotation } }));
const manifest = describeBytes(mediaTypes.imageIndex, index('both'));

async function start(name: string, options: Partial<TokenRegistryOptions> = {}): Promise<TokenRegistry> {
  const registry = await startTokenRegistry({ login: { kind: 'none' }, ...options });
  opened.push(registry);
  registry.addManifest(mediaTypes.imageIndex, index(name), '1.0');
  registry.addManifest(mediaTypes.imageIndex, index('both'));
  registry.addBlob(layer);
  return registry;
}

function read({ host }: { readonly host: string }, attempts?: number): RemoteRepository {
  const clock = createVirtualClock();
  const client = createRegistryClient({ host, http, clock, credentials: async () => undefined, scheme: 'http' });
  return openRemoteRepository(client, parseRepositoryName('team/app'), clock, { attempts });
}

interface Opened {
  readonly repository: RemoteRepository;
  readonly notes: string[];
}

function open(mirrors: readonly { readonly host: string; readonly serves?: Mirror['serves'] }[], registry: TokenRegistry): Opened {
  const notes: string[] = [];
  const opening = mirrors.map(({ host, serves = 'all' }): Mirror => ({ host, serves, repository: read({ host }, 1) }));
  const repository = openMirroredRepository(
    async () => ({ mirrors: opening, registry: read(registry) }),
    (line) => notes.push(line),
  );
  return { repository, notes };
}

async function fromOf(repository: RemoteRepository, reference = '1.0'): Promise<string | undefined> {
  const { bytes } = await repository.getManifest(reference);
  return (JSON.parse(new TextDecoder().decode(bytes)) as { annotations: { from: string } }).annotations.from;
}

async function readLayer(repository: RemoteRepository): Promise<Buffer> {
  return Buffer.from(await readAll(verify(repository.blob(blob).open(), blob), blob.size, 'the layer'));
}

/** Nothing listens there. */
const nowhere = { host: '127.0.0.1:1' };

describe('a repository with mirrors', () => {
  it('is read from the first of them, and its registry asked for nothing but lists', async () => {
    const [one, two, registry] = [await start('one'), await start('two'), await start('registry')];
    const { repository, notes } = open([one, two], registry);
    expect(await fromOf(repository)).toBe('one');
    expect(await readLayer(repository)).toEqual(layer);
    expect(two.requests).toEqual([]);
    expect(registry.requests).toEqual([]);
    registry.tags.push('2.0');
    expect(await Array.fromAsync(repository.listTags())).toEqual(['1.0', '2.0']);
    expect(notes).toEqual([]);
  });

  it('is read from the next where one does not have a thing, without a word', async () => {
    const [one, registry] = [await start('one'), await start('registry')];
    one.manifests.clear();
    one.blobs.clear();
    const { repository, notes } = open([one], registry);
    expect(await fromOf(repository)).toBe('registry');
    expect(await readLayer(repository)).toEqual(layer);
    expect(one.requests).toHaveLength(2);
    expect(notes).toEqual([]);
  });

  it('is read from the next where one cannot be reached, which is told once and not tried again', async () => {
    const registry = await start('registry');
    const { repository, notes } = open([nowhere], registry);
    expect(await fromOf(repository)).toBe('registry');
    expect(await readLayer(repository)).toEqual(layer);
    expect(notes).toEqual([expect.stringMatching(/^note: the mirror 127\.0\.0\.1:1 is passed over\. Cannot talk to/)]);
  });

  it('is read from the next where one fails, or answers with other bytes', async () => {
    const registry = await start('registry');
    for (const spoil of [
      (mirror: TokenRegistry) => mirror.interruptions.push({ method: 'GET', status: 503 }),
      (mirror: TokenRegistry) => mirror.interruptions.push({ method: 'GET', status: 401 }),
      (mirror: TokenRegistry) => mirror.manifests.set(manifest.digest, { mediaType: mediaTypes.imageIndex, bytes: index('evil') }),
    ]) {
      const mirror = await start('mirror');
      spoil(mirror);
      const { repository, notes } = open([mirror], registry);
      expect(await fromOf(repository, manifest.digest)).toBe('both');
      expect(notes).toHaveLength(1);
    }
  });

  it('goes on with a blob from where a mirror broke off', async () => {
    const [mirror, registry] = [await start('mirror', { breakBlobsAfterBytes: 70_000 }), await start('registry')];
    const { repository, notes } = open([mirror], registry);
    const received: Uint8Array[] = [];
    for await (const chunk of repository.blob(blob).open()) {
      received.push(chunk);
      if (received.length === 1) mirror.interruptions.push(...Array.from({ length: 9 }, () => ({ method: 'GET', status: 503 })));
    }
    expect(Buffer.concat(received)).toEqual(layer);
    expect(notes).toHaveLength(1);
    expect(registry.requests.map(({ line }) => line)).toEqual([`GET /v2/team/app/blobs/${blob.digest}`]);
    expect(registry.sentBytes).toBeLessThanOrEqual(layer.byteLength - 70_000);
  });

  it('asks a mirror for manifests of its kind only', async () => {
    const registry = await start('registry');
    for (const [serves, tag, digest] of [
      ['digests', 'registry', 0],
      ['tags', 'mirror', 1],
    ] as const) {
      const mirror = await start('mirror');
      const { repository } = open([{ host: mirror.host, serves }], registry);
      const before = registry.requests.length;
      expect(await fromOf(repository)).toBe(tag);
      await fromOf(repository, manifest.digest);
      expect(registry.requests.slice(before).filter(({ line }) => line.includes(manifest.digest))).toHaveLength(digest);
    }
  });

  it('fails as its registry does', async () => {
    const [mirror, registry] = [await start('mirror'), await start('registry')];
    const { repository } = open([mirror], registry);
    expect(await rejection(repository.getManifest('9.9'))).toMatchObject({
      code: 'tag-missing',
      message: expect.stringContaining(registry.host) as unknown,
    });
  });

  it('asks nobody else when it is stopped', async () => {
    const [mirror, registry] = [await start('mirror'), await start('registry')];
    const { repository } = open([mirror], registry);
    expect(await rejection(repository.getManifest('1.0', { signal: AbortSignal.abort() }))).toMatchObject({ code: 'aborted' });
    expect(registry.requests).toEqual([]);
  });
});
