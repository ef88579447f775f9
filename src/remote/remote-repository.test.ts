import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseDigest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import { type Clock, systemClock } from '../streams/clock.ts';
import { readAll } from '../streams/read-all.ts';
import { verify } from '../streams/verify.ts';
import { startTokenRegistry, type TokenRegistry, type TokenRegistryOptions } from '../../test/token-registry/token-registry.ts';
import type { CredentialsLookup } from './credentials.ts';
import { createRegistryClient } from './registry-client.ts';
import type { RegistryScheme } from './registry-origin.ts';
import { openRemoteRepository, type RemoteRepository } from './remote-repository.ts';

const layer = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7) % 251));
const password: CredentialsLookup = async () => ({ kind: 'password', username: 'ada', password: 'pä:ss' });
const nobody: CredentialsLookup = async () => undefined;

const http: HttpClient = createNodeHttpClient();
const opened: TokenRegistry[] = [];
afterEach(async () => {
  for (const registry of opened.splice(0)) await registry.close();
});
afterAll(() => http.close());

async function open(
  options: TokenRegistryOptions,
  credentials: CredentialsLookup,
  clock: Clock = systemClock,
): Promise<{ registry: TokenRegistry; repository: RemoteRepository; layerDescriptor: Descriptor; manifestDigest: string }> {
  const registry = await startTokenRegistry(options);
  opened.push(registry);
  const digest = parseDigest(registry.addBlob(layer));
  const layerDescriptor: Descriptor = { mediaType: mediaTypes.layer, digest, size: layer.byteLength };
  const config = { mediaType: mediaTypes.imageConfig, digest: registry.addBlob(Buffer.from('{}')), size: 2 };
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layerDescriptor] }),
  );
  const manifestDigest = registry.addManifest(mediaTypes.imageManifest, manifest, '1.0');
  const client = createRegistryClient({ host: registry.host, http, clock: systemClock, credentials });
  return {
    registry,
    repository: openRemoteRepository(client, parseRepositoryName('team/app'), clock),
    layerDescriptor,
    manifestDigest,
  };
}

async function readBlob(repository: RemoteRepository, descriptor: Descriptor): Promise<Buffer> {
  return Buffer.from(await readAll(verify(repository.blob(descriptor).open(), descriptor), descriptor.size, 'the blob'));
}

describe('reading another registry', () => {
  it('reads a manifest by tag and by digest without any login where none is asked for', async () => {
    const { registry, repository, manifestDigest } = await open({ login: { kind: 'none' } }, password);
    const byTag = await repository.getManifest('1.0');
    expect(byTag.descriptor).toEqual({ mediaType: mediaTypes.imageManifest, digest: manifestDigest, size: byTag.bytes.byteLength });
    expect((await repository.getManifest(manifestDigest)).bytes).toEqual(byTag.bytes);
    expect(registry.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it('speaks plain HTTP to a loopback host without TLS, but not where TLS was asked for', async () => {
    const { registry } = await open({ login: { kind: 'none' } }, nobody);
    const readTag = (scheme: RegistryScheme | undefined): Promise<unknown> => {
      const client = createRegistryClient({ host: registry.host, http, clock: systemClock, credentials: nobody, scheme });
      return openRemoteRepository(client, parseRepositoryName('team/app'), systemClock).getManifest('1.0');
    };
    await expect(readTag(undefined)).resolves.toBeDefined();
    await expect(readTag('http')).resolves.toBeDefined();
    await expect(readTag('https')).rejects.toMatchObject({ code: 'connection-failed' });
  });

  it('answers a basic challenge, once, and sends the login at once from then on', async () => {
    const { registry, repository } = await open({ login: { kind: 'basic', username: 'ada', password: 'pä:ss' } }, password);
    await repository.getManifest('1.0');
    await repository.getManifest('1.0');
    expect(registry.requests.filter(({ line }) => line.includes('manifests')).map(({ authorization }) => authorization)).toEqual([
      undefined,
      'Basic',
      'Basic',
    ]);
  });

  it('buys a bearer token with the login and uses it for all requests of its scope', async () => {
    const { registry, repository, layerDescriptor } = await open(
      { login: { kind: 'bearer', username: 'ada', password: 'pä:ss' } },
      password,
    );
    await repository.getManifest('1.0');
    expect(await readBlob(repository, layerDescriptor)).toEqual(layer);
    expect(registry.requests.filter(({ line }) => line.includes('/token')).map(({ line }) => line)).toEqual([
      'GET /token?service=tests&scope=repository%3Ateam%2Fapp%3Apull',
    ]);
  });

  it('gets a token anonymously where anyone may read', async () => {
    const { repository } = await open({ login: { kind: 'bearer' } }, nobody);
    expect((await repository.getManifest('1.0')).descriptor.mediaType).toBe(mediaTypes.imageManifest);
  });

  it('buys a token with a refresh token, by POST, so that it stands in no URL', async () => {
    const { registry, repository } = await open({ login: { kind: 'bearer', username: 'x', refreshToken: 'long-lived' } }, async () => ({
      kind: 'refresh-token',
      refreshToken: 'long-lived',
    }));
    await repository.getManifest('1.0');
    expect(registry.requests.map(({ line }) => line)).toContain('POST /token');
    expect(registry.requests.some(({ line }) => line.includes('long-lived'))).toBe(false);
  });

  it('buys a new token when the old one is refused', async () => {
    const { registry, repository } = await open({ login: { kind: 'bearer' } }, nobody);
    await repository.getManifest('1.0');
    registry.revokeTokens();
    await repository.getManifest('1.0');
    expect(registry.requests.filter(({ line }) => line.includes('/token'))).toHaveLength(2);
  });

  it('says that a login is wanted, and that one is wrong, without repeating it', async () => {
    const wrong: CredentialsLookup = async () => ({ kind: 'password', username: 'ada', password: 'sesame-wrong' });
    for (const login of [
      { kind: 'basic', username: 'a', password: 'b' },
      { kind: 'bearer', username: 'a', password: 'b' },
    ] as const) {
      for (const credentials of [nobody, wrong]) {
        const { repository } = await open({ login }, credentials);
        const error: unknown = await repository.getManifest('1.0').catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'unauthorized', hint: expect.stringContaining('bucketry login') as unknown });
        expect(String(error)).not.toContain('sesame');
      }
    }
  });

  it('keeps the login from the storage that blobs are redirected to', async () => {
    const { registry, repository, layerDescriptor } = await open(
      { login: { kind: 'basic', username: 'ada', password: 'pä:ss' }, redirectBlobs: true },
      password,
    );
    expect(await readBlob(repository, layerDescriptor)).toEqual(layer);
    const toStorage = registry.requests.filter(({ line }) => line.startsWith('GET /storage/'));
    expect(toStorage.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('goes on with a blob where the connection broke, by range', async () => {
    const { registry, repository, layerDescriptor } = await open({ login: { kind: 'none' }, breakBlobsAfterBytes: 70_000 }, nobody);
    expect(await readBlob(repository, layerDescriptor)).toEqual(layer);
    expect(registry.requests.filter(({ line }) => line.includes('blobs')).length).toBeGreaterThan(1);
  });

  it('goes on with a blob also where the registry ignores ranges', async () => {
    const { repository, layerDescriptor } = await open(
      { login: { kind: 'none' }, breakBlobsAfterBytes: 70_000, ignoresRange: true },
      nobody,
    );
    expect(await readBlob(repository, layerDescriptor)).toEqual(layer);
  });

  it('opens a blob in the middle', async () => {
    const { repository, layerDescriptor } = await open({ login: { kind: 'none' } }, nobody);
    const part = await readAll(repository.blob(layerDescriptor).open({ start: 1000, end: 1500 }), 500, 'a part');
    expect(Buffer.from(part)).toEqual(layer.subarray(1000, 1500));
  });

  it('lists tags over pages', async () => {
    const { registry, repository } = await open({ login: { kind: 'none' }, tagsPerPage: 2 }, nobody);
    registry.tags.push('1.1', '2.0', '2.1', '3.0');
    expect(await Array.fromAsync(repository.listTags())).toEqual(['1.0', '1.1', '2.0', '2.1', '3.0']);
  });

  it('names what is missing by its code', async () => {
    const { registry, repository, layerDescriptor, manifestDigest } = await open({ login: { kind: 'none' } }, nobody);
    registry.blobs.clear();
    await expect(repository.getManifest('2.0')).rejects.toMatchObject({
      code: 'tag-missing',
      message: expect.stringContaining('MANIFEST_UNKNOWN') as unknown,
    });
    await expect(repository.getManifest(manifestDigest.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).rejects.toMatchObject({
      code: 'manifest-missing',
    });
    await expect(readBlob(repository, layerDescriptor)).rejects.toMatchObject({ code: 'blob-missing' });
  });

  it('refuses other bytes than the digest asked for, and a type that the bytes deny', async () => {
    const { registry, repository, manifestDigest } = await open({ login: { kind: 'none' } }, nobody);
    const kept = registry.manifests.get(manifestDigest)!;
    registry.manifests.set(manifestDigest, { ...kept, bytes: Buffer.concat([kept.bytes, Buffer.from(' ')]) });
    await expect(repository.getManifest(manifestDigest)).rejects.toMatchObject({ code: 'digest-mismatch' });
    registry.manifests.set('typed', { ...kept, mediaType: mediaTypes.imageIndex });
    await expect(repository.getManifest('typed')).rejects.toMatchObject({ code: 'media-type-mismatch' });
  });

  it.each([false, true])('refuses a manifest of more than 4 MiB (in chunks: %s)', async (chunksManifests) => {
    const { registry, repository } = await open({ login: { kind: 'none' }, chunksManifests }, nobody);
    registry.addManifest(mediaTypes.imageManifest, Buffer.alloc(4 * 2 ** 20 + 1, ' '), 'large');
    await expect(repository.getManifest('large')).rejects.toMatchObject({ code: 'manifest-too-large' });
  });

  it('tries again what the registry was too busy for, and waits as long as it asks for', async () => {
    const waits: number[] = [];
    const clock: Clock = { ...systemClock, sleep: async (durationMs) => void waits.push(durationMs) };
    const { registry, repository, layerDescriptor } = await open({ login: { kind: 'none' } }, nobody, clock);
    const reads: readonly (() => Promise<unknown>)[] = [
      () => repository.getManifest('1.0'),
      () => Array.fromAsync(repository.listTags()),
      () => readBlob(repository, layerDescriptor),
    ];
    await repository.getManifest('1.0');
    for (const read of reads) {
      waits.length = 0;
      registry.interruptions.push({ method: 'GET', status: 429, headers: { 'retry-after': '7' } }, { method: 'GET', status: 503 });
      await read();
      expect(waits).toEqual([7000, expect.toSatisfy((wait: number) => wait <= 1000)]);
    }
  });

  it('gives up on a registry that stays busy', async () => {
    const clock: Clock = { ...systemClock, sleep: async () => undefined };
    const { registry, repository } = await open({ login: { kind: 'none' } }, nobody, clock);
    await repository.getManifest('1.0');
    registry.interruptions.push(...Array.from({ length: 6 }, () => ({ method: 'GET', status: 429 })));
    await expect(repository.getManifest('1.0')).rejects.toMatchObject({ code: 'rate-limited' });
    expect(registry.interruptions).toEqual([]);
  });

  it('finds referrers by the fallback tag where the registry has no referrers API', async () => {
    const { registry, repository, manifestDigest } = await open({ login: { kind: 'none' } }, nobody);
    const subject = parseDigest(manifestDigest);
    expect(await repository.listReferrers(subject)).toEqual([]);
    const referrer = { mediaType: mediaTypes.imageManifest, digest: manifestDigest, size: 10 };
    registry.addManifest(
      mediaTypes.imageIndex,
      Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [referrer] })),
      manifestDigest.replace(':', '-'),
    );
    expect(await repository.listReferrers(subject)).toMatchObject([referrer]);
  });

  it('lists referrers over pages where the registry has the referrers API', async () => {
    const { registry, repository, manifestDigest } = await open({ login: { kind: 'none' }, listsReferrers: 2 }, nobody);
    const subject = { mediaType: mediaTypes.imageManifest, digest: manifestDigest, size: 10 };
    const digests = Array.from({ length: 5 }, (_, index) =>
      registry.addManifest(
        mediaTypes.imageManifest,
        Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, subject, annotations: { n: `${index}` } })),
      ),
    );
    const listed = await repository.listReferrers(parseDigest(manifestDigest));
    expect(listed.map(({ digest }) => digest)).toEqual(digests);
  });

  it.each([401, 403, 404])('takes no list of referrers whose second page is answered with %i for a whole one', async (status) => {
    const { registry, repository, manifestDigest } = await open({ login: { kind: 'none' }, listsReferrers: 2 }, nobody);
    const subject = { mediaType: mediaTypes.imageManifest, digest: manifestDigest, size: 10 };
    for (const n of ['1', '2', '3']) {
      const referrer = { schemaVersion: 2, mediaType: mediaTypes.imageManifest, subject, annotations: { n } };
      registry.addManifest(mediaTypes.imageManifest, Buffer.from(JSON.stringify(referrer)));
    }
    registry.interruptions.push({ method: 'GET', path: '?from=2', status });
    await expect(repository.listReferrers(parseDigest(manifestDigest))).rejects.toMatchObject({ code: 'registry-invalid' });
    expect(registry.interruptions).toEqual([]);
  });

  it.each([429, 503])('does not take an answer of %i for a registry without referrers', async (status) => {
    const clock: Clock = { ...systemClock, sleep: async () => undefined };
    const { registry, repository, manifestDigest } = await open({ login: { kind: 'none' } }, nobody, clock);
    await repository.getManifest('1.0');
    registry.interruptions.push(...Array.from({ length: 6 }, () => ({ method: 'GET', status })));
    await expect(repository.listReferrers(parseDigest(manifestDigest))).rejects.toMatchObject({
      code: status === 429 ? 'rate-limited' : 'registry-unavailable',
    });
    expect(registry.interruptions).toEqual([]);
    expect(await repository.listReferrers(parseDigest(manifestDigest))).toEqual([]);
  });
});
