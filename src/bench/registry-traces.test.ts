import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { parseDigest } from '../oci/digest.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { createRegistryClient } from '../remote/registry-client.ts';
import { openRemoteRemoval } from '../remote/remote-removal.ts';
import { openRemoteRepository } from '../remote/remote-repository.ts';
import { systemClock } from '../streams/clock.ts';
import type { MadeImage } from './made-image.ts';
import { removeFromRegistry } from './registry-traces.ts';

const blob = (letter: string) => ({
  mediaType: mediaTypes.layerGzip,
  digest: parseDigest(`sha256:${letter.repeat(64)}`),
  size: 1,
});
const [config, layer, others] = [{ ...blob('a'), mediaType: mediaTypes.imageConfig }, blob('b'), blob('c')];
const image: MadeImage = { folder: '', tag: 'latest', layerFiles: ['layer'], manifest: layer, blobs: [config, layer], bytes: 1 };
const manifest = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.imageManifest, config, layers: [layer] });
const http = createNodeHttpClient();
/** By `manifests/TAG` and `blobs/DIGEST`. */
let stored: Set<string>;
let deletes: boolean;

const server = createServer(({ method, url = '' }, response) => {
  const name = url.replace('/v2/team/bench/', '');
  if (!stored.has(name)) response.writeHead(404).end();
  else if (method === 'GET') response.writeHead(200, { 'content-type': mediaTypes.imageManifest }).end(manifest);
  else if (!deletes) response.writeHead(405).end();
  else {
    stored.delete(name);
    response.writeHead(202).end();
  }
});

beforeEach(async () => {
  stored = new Set([config, layer, others].map(({ digest }) => `blobs/${digest}`));
  deletes = true;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function remove(): Promise<readonly string[]> {
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const name = parseRepositoryName('team/bench');
  const client = createRegistryClient({ host, http, clock: systemClock, credentials: async () => undefined, scheme: 'http' });
  const traces = { repository: openRemoteRepository(client, name, systemClock), removal: openRemoteRemoval(client, name, systemClock) };
  return removeFromRegistry({ ...traces, where: 'host/bench' }, parseTag('bench-1'), image, new AbortController().signal);
}

test('a tag, its manifest and its blobs are removed, and nobody else’s', async () => {
  stored.add('manifests/bench-1');
  expect(await remove()).toEqual([]);
  expect([...stored]).toEqual([`blobs/${others.digest}`]);
});

test('blobs of a run that did not come to its tag are removed, too', async () => {
  expect(await remove()).toEqual([]);
  expect([...stored]).toEqual([`blobs/${others.digest}`]);
});

test.each([
  [[], /^blobs of host\/bench, if any were sent: the registry deletes none/],
  [['manifests/bench-1'], /^host\/bench:bench-1@sha256:\w+: the registry deletes no manifests/],
])('what a registry keeps that deletes nothing is named', async (added, said) => {
  deletes = false;
  for (const name of added) stored.add(name);
  expect(await remove()).toEqual([expect.stringMatching(said)]);
});
