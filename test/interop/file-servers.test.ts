import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bucket, ObjectHeaders } from '../../src/bucket/bucket.ts';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { formatCaddyfile, formatNginxConfig } from '../../src/bucket/directory/file-server-config.ts';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { publicSite } from '../../src/layout/public-site.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { answerStatic } from '../../src/server/static-answerer.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { startCaddy } from '../peers/caddy.ts';
import { type FileServer, startNginx } from '../peers/nginx.ts';
import type { PeerName } from '../peers/peers.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../peers/temporary-folder.ts';

const servers: readonly [PeerName, (root: string) => Promise<FileServer>][] = [
  ['nginx', (root) => startNginx((port) => formatNginxConfig({ root, listen: `127.0.0.1:${port}`, site: publicSite }))],
  ['caddy', (root) => startCaddy((port) => formatCaddyfile({ root, listen: `127.0.0.1:${port}`, site: publicSite }))],
];

const digest = `sha256:${'a'.repeat(64)}`;
const immutable = 'public, max-age=31536000, immutable, no-transform';
const blob = `v2/team/app/blobs/${digest}`;

const objects: readonly [string, string, ObjectHeaders][] = [
  ['v2/', '', { contentType: 'application/json', cacheControl: 'no-cache' }],
  [blob, '0123456789', { contentType: 'application/octet-stream', cacheControl: immutable }],
  [`v2/team/app/manifests/${digest}`, '{"a":1}', { contentType: mediaTypes.imageManifest, cacheControl: immutable }],
  ['v2/team/app/manifests/oci', '{"a":1}', { contentType: mediaTypes.imageManifest, cacheControl: 'no-cache' }],
  ['v2/team/app/manifests/index', '{"b":1}', { contentType: mediaTypes.imageIndex, cacheControl: 'no-cache' }],
  ['v2/team/app/manifests/docker.json', '{"c":1}', { contentType: mediaTypes.dockerManifest, cacheControl: 'no-cache' }],
  ['v2/team/app/manifests/Docker_List.html', '{"d":1}', { contentType: mediaTypes.dockerManifestList, cacheControl: 'no-cache' }],
  ['v2/team/app/tags/list', '{"name":"team/app","tags":[]}', { contentType: 'application/json', cacheControl: 'no-cache' }],
  [`v2/team/app/referrers/${digest}`, '{"e":1}', { contentType: mediaTypes.imageIndex, cacheControl: 'no-cache' }],
  ['_bucketry/format', '{"secret":1}', { contentType: 'application/json', cacheControl: 'no-cache' }],
];

for (const [name, start] of servers) {
  describePeer(name, `${name} serving a directory bucket`, () => {
    let folder: TemporaryFolder;
    let bucket: Bucket;
    let server: FileServer;

    beforeAll(async () => {
      folder = await createTemporaryFolder('files');
      bucket = await openDirectoryBucket({ root: join(folder.path, 'a bucket'), create: true });
      server = await start(join(folder.path, 'a bucket'));
      for (const [key, text, headers] of objects) await put(key, text, headers);
    });
    afterAll(async () => {
      await server?.close();
      await bucket?.close();
      await folder?.remove();
    });

    const put = (key: string, text: string, headers: ObjectHeaders): Promise<unknown> =>
      bucket.put(toObjectKey(key), bytesSource(new TextEncoder().encode(text)), headers);
    const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${server.endpoint}/${path}`, { redirect: 'manual', ...init });

    test.each(objects.filter(([key]) => key.startsWith('v2/')))(
      'answers %s as a store would, type and caching included',
      async (key, text) => {
        for (const method of ['GET', 'HEAD']) {
          const served = await ask(key, { method });
          const wanted = await answerStatic(bucket, new Request(`http://host/${key}`, { method }), { missing: 404 });
          expect(describe(served)).toEqual(describe(wanted));
          await wanted.body?.cancel();
          expect(await served.text()).toBe(method === 'HEAD' ? '' : text);
        }
      },
    );

    test.each([
      'v2',
      'v2/team/app/manifests/none',
      'v2/team/app',
      'v2/team/app/',
      '_bucketry/format',
      '',
      '.directory-bucket/format.json',
      'v2/../_bucketry/format',
      'v2/%2e%2e/_bucketry/format',
    ])('answers 404 for /%s', async (path) => {
      expect((await ask(path)).status).toBe(404);
    });

    test('ignores queries, decodes paths and answers ranges', async () => {
      expect(await (await ask(`${blob}?ns=example.org`)).text()).toBe('0123456789');
      expect(await (await ask(blob.replace(':', '%3A'))).text()).toBe('0123456789');
      const part = await ask(blob, { headers: { range: 'bytes=2-4' } });
      expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
      expect((await ask(blob, { headers: { range: 'bytes=40-' } })).status).toBe(416);
      const etag = part.headers.get('etag') ?? '';
      expect((await ask(blob, { headers: { 'if-none-match': etag } })).status).toBe(304);
    });

    test.each(['POST', 'PUT', 'DELETE'])('lets nobody %s', async (method) => {
      expect((await ask(blob, { method })).status).toBe(405);
      expect(await (await ask(blob)).text()).toBe('0123456789');
    });

    test('follows a tag from type to type and to its end, without being told', async () => {
      const tag = 'v2/team/app/manifests/moving';
      const types = [mediaTypes.dockerManifestList, mediaTypes.imageManifest, mediaTypes.imageIndex, mediaTypes.dockerManifest];
      for (const [index, contentType] of types.entries()) {
        await put(tag, `{"version":${index}}`, { contentType });
        const served = await ask(tag);
        expect([served.headers.get('content-type'), await served.text()]).toEqual([contentType, `{"version":${index}}`]);
      }
      await bucket.delete(toObjectKey(tag));
      expect((await ask(tag)).status).toBe(404);
    });

    test('never sends one version under the type of another while a tag moves', async () => {
      const tag = 'v2/team/app/manifests/racing';
      const types = [mediaTypes.imageIndex, mediaTypes.imageManifest];
      await put(tag, types[0]!, { contentType: types[0] });
      const seen = new Set<string>();
      const reading = async (): Promise<void> => {
        for (let round = 0; round < 100; round++) {
          const served = await ask(tag);
          expect([served.status, served.headers.get('content-type')]).toEqual([200, await served.text()]);
          seen.add(served.headers.get('content-type') ?? '');
        }
      };
      const writing = async (): Promise<void> => {
        for (let round = 0; round < 30; round++) await put(tag, types[round % 2]!, { contentType: types[round % 2] });
      };
      await Promise.all([reading(), reading(), writing()]);
      expect(seen.size).toBe(2);
    });

    if (name === 'nginx') {
      test('follows no link out of the bucket', async () => {
        await symlink('/etc/hostname', join(folder.path, 'a bucket/v2/link'));
        expect((await ask('v2/link')).status).toBe(404);
      });
    }
  });
}

/** What a client goes by; dates and ETags are each server's own. */
function describe(response: Response): Record<string, string | number | null> {
  const { status, headers } = response;
  const names = ['content-type', 'cache-control', 'content-length', 'content-encoding', 'accept-ranges'];
  return { status, ...Object.fromEntries(names.map((name) => [name, headers.get(name)])) };
}
