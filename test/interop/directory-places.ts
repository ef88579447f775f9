import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { formatCaddyfile, formatNginxConfig } from '../../src/bucket/directory/file-server-config.ts';
import { publicSite } from '../../src/layout/public-site.ts';
import { startCaddy } from '../peers/caddy.ts';
import { findFreePort } from '../peers/free-port.ts';
import { startNginx } from '../peers/nginx.ts';
import { answersHttp } from '../peers/peer-server.ts';
import { createPeerHome } from '../peers/peer-home.ts';
import { startServer } from '../peers/server-process.ts';
import { bucketryCommand } from './bucketry.ts';
import type { OpenPlace, Place, PlaceName } from './place.ts';
import { pushImages } from './push-images.ts';

const RECORD_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

/** The folder behind our own static server: the command as users start it. */
export async function openStatic(folder: string): Promise<OpenPlace> {
  const pushed = await pushInto(folder, 'static');
  const host = `127.0.0.1:${await findFreePort()}`;
  const home = await createPeerHome('static');
  const server = await startServer({
    command: bucketryCommand(['serve', `file:${folder}`, '--static', '--listen', host]),
    isReady: answersHttp(`http://${host}/v2/`),
    cwd: home.path,
    env: home.env,
  });
  return {
    ...pushed,
    host,
    record: () => recordLog(host, server.output),
    async close() {
      await server.stop();
      await home.remove();
    },
  };
}

/** nginx on the folder, with the configuration that is written for it. */
export async function openNginx(folder: string): Promise<OpenPlace> {
  const server = await startNginx((port) => formatNginxConfig({ root: folder, listen: `127.0.0.1:${port}`, site: publicSite }));
  return { ...(await pushInto(folder, 'nginx')), host: `127.0.0.1:${server.port}`, close: server.close };
}

/** Caddy on the folder, likewise. */
export async function openCaddy(folder: string): Promise<OpenPlace> {
  const server = await startCaddy((port) => formatCaddyfile({ root: folder, listen: `127.0.0.1:${port}`, site: publicSite }));
  return { ...(await pushInto(folder, 'caddy')), host: `127.0.0.1:${server.port}`, close: server.close };
}

async function pushInto(folder: string, name: PlaceName): Promise<Pick<Place, 'name' | 'repository' | 'images'>> {
  const bucket = await openDirectoryBucket({ root: folder, create: true, fsync: false });
  try {
    return await pushImages(bucket, name);
  } finally {
    await bucket.close();
  }
}

/** Asks for a path that nobody else asks for: what the server writes after it is what is recorded. */
async function recordLog(host: string, output: () => string): Promise<() => string> {
  const marker = `/v2/${randomUUID()}`;
  const response = await fetch(`http://${host}${marker}`);
  await response.body?.cancel();
  const deadlineMs = performance.now() + RECORD_TIMEOUT_MS;
  while (!output().includes(marker)) {
    if (performance.now() > deadlineMs) throw new Error(`Cannot record what ${host} is asked for: it does not log a request`);
    await sleep(POLL_MS);
  }
  return () => {
    const [, recorded] = output().split(marker);
    if (recorded === undefined) throw new Error(`Cannot tell what ${host} was asked for: its log was too long to be kept whole`);
    return recorded;
  };
}
