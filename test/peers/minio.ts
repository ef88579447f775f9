import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { startPeerServer } from './peer-server.ts';
import { describeS3Access, describeS3Peer, fetchSigned, TEST_CREDENTIALS } from './s3-peer.ts';
import type { S3Peer } from './s3-peer.ts';

/** Starts MinIO on an empty folder: the main real store of the tests. */
export async function startMinio(signal?: AbortSignal): Promise<S3Peer> {
  const port = await findFreePort();
  const server = await startPeerServer(
    'minio',
    async (program, home) => {
      const data = join(home.path, 'data');
      await mkdir(data);
      return {
        command: [program, 'server', '--quiet', '--address', `127.0.0.1:${port}`, data],
        env: {
          MINIO_ROOT_USER: TEST_CREDENTIALS.accessKeyId,
          MINIO_ROOT_PASSWORD: TEST_CREDENTIALS.secretAccessKey,
          MINIO_DOMAIN: 'localhost',
          MINIO_BROWSER: 'off',
          MINIO_UPDATE: 'off',
        },
        // Its own word for it, `/minio/health/ready`, comes a moment before it takes requests
        isReady: async () => (await fetchSigned(describeS3Access(port), { method: 'GET', path: '/' })).ok,
      };
    },
    signal,
  );
  return describeS3Peer(server, port);
}
