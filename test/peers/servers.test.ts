import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCaddy } from './caddy.ts';
import { findLeftovers } from './leftovers.ts';
import { startMinio } from './minio.ts';
import { startNginx } from './nginx.ts';
import type { FileServer } from './nginx.ts';
import type { PeerName } from './peers.ts';
import { describePeer } from './require-peer.ts';
import { runCommand } from './run-command.ts';
import { createPeerBucket, publishPeerBucket } from './s3-peer.ts';
import type { S3Peer } from './s3-peer.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import type { TemporaryFolder } from './temporary-folder.ts';
import { startVersitygw } from './versitygw.ts';

const S3_PEERS: readonly [PeerName, () => Promise<S3Peer>][] = [
  ['minio', startMinio],
  ['versitygw', startVersitygw],
];

for (const [name, start] of S3_PEERS) {
  describePeer(name, `${name} as a server for tests`, () => {
    let peer: S3Peer;

    beforeAll(async () => {
      peer = await start();
      await createPeerBucket(peer, 'pub');
    });

    afterAll(() => peer.close());

    test('it keeps a bucket private until it is published', async () => {
      const url = `${peer.endpoint}/pub/v2/`;
      expect((await fetch(url)).status).toBe(403);
      await publishPeerBucket(peer, 'pub');
      expect((await fetch(url)).status).toBe(404);
    });

    test('it serves a bucket at its host’s root to a client with a hosts file of its own', async () => {
      const url = `${peer.virtualHost('pub')}/v2/nothing`;
      const script = `const { status } = await fetch(process.argv[1]); console.log(status)`;
      const ask = [process.execPath, '--input-type=module', '-e', script, url] as const;
      const hosts = [new URL(url).hostname];
      expect(await runCommand(ask, { hosts })).toMatchObject({ code: 0, stdout: '404\n' });
      expect((await runCommand(ask)).stderr).toContain('ENOTFOUND');
    });

    test('two of them run side by side, and the one that is closed leaves nothing', async () => {
      const second = await start();
      expect(second.port).not.toBe(peer.port);
      await second.close();
      await expect(fetch(second.endpoint)).rejects.toThrow();
      expect((await fetch(peer.endpoint)).status).toBe(403);
      expect(await findLeftovers(second.home)).toEqual([]);
    });
  });
}

const FILE_SERVERS: readonly [PeerName, (root: string) => Promise<FileServer>][] = [
  ['nginx', (root) => startNginx((port) => `server { listen 127.0.0.1:${port}; root ${root}; }`)],
  ['caddy', (root) => startCaddy((port) => `http://127.0.0.1:${port} {\n root * ${root}\n file_server\n}`)],
];

for (const [name, start] of FILE_SERVERS) {
  describePeer(name, `${name} as a server for tests`, () => {
    let root: TemporaryFolder;

    beforeAll(async () => {
      root = await createTemporaryFolder('root');
      await mkdir(join(root.path, 'v2'));
      await writeFile(join(root.path, 'v2/file'), 'served');
    });

    afterAll(() => root.remove());

    test('it serves a folder with the configuration it is given, and leaves nothing', async () => {
      const server = await start(root.path);
      expect(await (await fetch(`${server.endpoint}/v2/file`)).text()).toBe('served');
      await server.close();
      await expect(fetch(server.endpoint)).rejects.toThrow();
      expect(await findLeftovers(server.home)).toEqual([]);
    });

    test('a configuration that it refuses is an error with its words', async () => {
      await expect(start('/nowhere {{{')).rejects.toThrow(/Caddyfile|nginx/);
    });
  });
}
