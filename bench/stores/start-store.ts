import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../test/peers/free-port.ts';
import { startPeerServer } from '../../test/peers/peer-server.ts';
import { createPeerBucket, describeS3Peer, TEST_CREDENTIALS } from '../../test/peers/s3-peer.ts';
import type { BenchStore } from './bench-store.ts';

/** The bucket that clients push to directly. */
export const pushBucket = 'bench';
/** Repositories and keys of all runs begin with it. */
export const repositoryRoot = 'bench';
/** The bucket of the registry. */
export const registryBucket = 'registry';

const emptiedFolders = [
  `${pushBucket}/${repositoryRoot}`,
  `${pushBucket}/v2/${repositoryRoot}`,
  `${pushBucket}/_bucketry/repositories`,
  registryBucket,
  '.minio.sys/tmp/.trash',
  '.minio.sys/multipart',
];

/** Starts MinIO on all addresses of this network namespace, below `TMPDIR`, with its files where this process can see them: a run leaves nothing to the next one, not even what MinIO would delete later. */
export async function startStore(signal: AbortSignal): Promise<BenchStore> {
  const port = await findFreePort();
  const server = await startPeerServer(
    'minio',
    async (program, home) => {
      await mkdir(join(home.path, 'data'));
      return {
        command: [program, 'server', '--quiet', '--address', `:${port}`, join(home.path, 'data')],
        env: {
          MINIO_ROOT_USER: TEST_CREDENTIALS.accessKeyId,
          MINIO_ROOT_PASSWORD: TEST_CREDENTIALS.secretAccessKey,
          MINIO_BROWSER: 'off',
          MINIO_UPDATE: 'off',
        },
        isReady: async (ready) => (await fetch(`http://127.0.0.1:${port}/minio/health/ready`, { signal: ready })).ok,
      };
    },
    signal,
  );
  const peer = describeS3Peer(server, port);
  const data = join(server.home, 'data');
  const buckets = [pushBucket, registryBucket];
  for (const bucket of buckets) await createPeerBucket(peer, bucket);
  return {
    ...peer,
    async empty() {
      for (const folder of emptiedFolders) await emptyFolder(join(data, folder));
    },
    async countBytes() {
      const sizes = await Promise.all(buckets.map((bucket) => folderBytes(join(data, bucket))));
      return sizes.reduce((sum, size) => sum + size, 0);
    },
  };
}

async function emptyFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 })));
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
