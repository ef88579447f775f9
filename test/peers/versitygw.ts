import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { answersHttp, startPeerServer } from './peer-server.ts';
import { describeS3Peer, TEST_CREDENTIALS, TEST_REGION } from './s3-peer.ts';
import type { S3Peer } from './s3-peer.ts';

/** Starts versitygw on an empty folder: the second opinion on what S3 is. Needs extended attributes on the file system. */
export async function startVersitygw(signal?: AbortSignal): Promise<S3Peer> {
  const port = await findFreePort();
  const server = await startPeerServer(
    'versitygw',
    async (program, home) => {
      const data = join(home.path, 'data');
      await mkdir(data);
      return {
        command: [
          program,
          `--port=127.0.0.1:${port}`,
          `--region=${TEST_REGION}`,
          `--virtual-domain=localhost:${port}`,
          '--quiet',
          '--keep-alive',
          'posix',
          data,
        ],
        env: {
          ROOT_ACCESS_KEY: TEST_CREDENTIALS.accessKeyId,
          ROOT_SECRET_KEY: TEST_CREDENTIALS.secretAccessKey,
        },
        isReady: answersHttp(`http://127.0.0.1:${port}/`),
      };
    },
    signal,
  );
  return describeS3Peer(server, port);
}
