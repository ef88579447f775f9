import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { parseDigest } from '../oci/digest.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { systemClock } from '../streams/clock.ts';
import { createRegistryClient } from './registry-client.ts';
import { openRemoteRemoval, type RemoteRemoval } from './remote-removal.ts';

const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const tag = parseTag('old');
const http = createNodeHttpClient();
let statuses: number[];
let requests: string[];
let removal: RemoteRemoval;

/** A registry that answers each request with the next status. */
const server = createServer((request, response) => {
  requests.push(`${request.method} ${request.url}`);
  response.writeHead(statuses.shift() ?? 500, { 'retry-after': '0' }).end();
});

beforeEach(async () => {
  [statuses, requests] = [[], []];
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createRegistryClient({ host, http, clock: systemClock, credentials: async () => undefined, scheme: 'http' });
  removal = openRemoteRemoval(client, parseRepositoryName('team/app'), systemClock);
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('tags, manifests and blobs are deleted at their own addresses', async () => {
  statuses.push(202, 202, 202);
  expect(await removal.deleteManifest(tag)).toBe(true);
  expect(await removal.deleteManifest(digest)).toBe(true);
  expect(await removal.deleteBlob(digest)).toBe(true);
  expect(requests).toEqual([
    'DELETE /v2/team/app/manifests/old',
    `DELETE /v2/team/app/manifests/${digest}`,
    `DELETE /v2/team/app/blobs/${digest}`,
  ]);
});

test('what is not there counts as deleted', async () => {
  statuses.push(404);
  expect(await removal.deleteManifest(tag)).toBe(true);
});

test.each([400, 401, 403, 405, 501])('a registry that answers %i deletes nothing: that is an answer', async (status) => {
  statuses.push(status);
  expect(await removal.deleteManifest(tag)).toBe(false);
  expect(requests).toHaveLength(1);
});

test('a registry that is overloaded is asked again', async () => {
  statuses.push(503, 429, 202);
  expect(await removal.deleteBlob(digest)).toBe(true);
  expect(requests).toHaveLength(3);
});
