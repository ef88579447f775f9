import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startMinio } from '../../peers/minio.ts';
import { spawnGroup } from '../../peers/process-group.ts';
import { decidePeers } from '../../peers/require-peer.ts';
import { fetchSigned, type S3Peer } from '../../peers/s3-peer.ts';
import type { PersonalityName } from '../../s3-server/personalities.ts';
import { openDirectoryStore } from './directory-store.ts';
import type { KillRunOptions } from './kill-run.ts';
import { openObjectStore } from './object-store.ts';

/** The stores of one kind, as `runKills` wants them, until they are closed. */
export interface KillStores extends Pick<KillRunOptions, 'openStore' | 'tellsUploads'> {
  readonly close: () => Promise<void>;
}

/** Each bucket a folder. */
export function openDirectoryStores(): KillStores {
  return { openStore: async (folder) => openDirectoryStore(folder), tellsUploads: true, close: async () => undefined };
}

/** MinIO; where it is not installed, the S3 server of the tests, but in CI an error, as of every peer that is missing there. */
export async function openObjectStores(): Promise<KillStores> {
  const decision = decidePeers(['minio']);
  if (decision.outcome === 'fail') throw new Error(decision.reason);
  if (decision.outcome === 'skip') return openServerStores('aws');
  const server = await startMinio();
  const dataFolder = join(server.home, 'data');
  return {
    tellsUploads: false,
    openStore: async (_, number) => openObjectStore({ name: 'MinIO', server, bucket: await createBucket(server, number), dataFolder }),
    close: server.close,
  };
}

/** The S3 server of the tests, in a process of its own. */
export async function openServerStores(personality: PersonalityName): Promise<KillStores> {
  const main = fileURLToPath(new URL('../../s3-server/main.ts', import.meta.url));
  const group = await spawnGroup([process.execPath, main, '--personality', personality]);
  group.stderr.resume();
  const [endpoint] = (await once(createInterface({ input: group.stdout }), 'line')) as [string];
  const server = { endpoint, region: 'us-east-1', accessKeyId: 'test', secretAccessKey: 'test-secret' };
  return {
    tellsUploads: true,
    openStore: async (_, number) =>
      openObjectStore({
        name: `s3-server, ${personality}`,
        server,
        bucket: await createBucket(server, number),
        partsAtRisk: personality === 'opaque-etags' ? 2 : 0,
      }),
    close: () => group.stop(1000),
  };
}

/** A store that has just begun may need a moment. */
async function createBucket(
  server: Pick<S3Peer, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey'>,
  number: number,
): Promise<string> {
  const bucket = `kill-${number}`;
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetchSigned(server, { method: 'PUT', path: `/${bucket}` });
    if (response.ok) return bucket;
    if (attempt === 100) throw new Error(`Cannot make the bucket ${bucket}: ${response.status} ${await response.text()}`);
    await sleep(100);
  }
}
