import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../../test/peers/free-port.ts';
import { answersHttp, startPeerServer } from '../../test/peers/peer-server.ts';
import type { PeerServer } from '../../test/peers/peer-server.ts';
import type { BenchStore } from './bench-store.ts';
import { registryBucket } from './start-store.ts';

/** A registry that keeps its blobs in the store. */
export interface BenchRegistry extends PeerServer {
  readonly port: number;
}

/**
 * Starts distribution with its S3 driver on the store, as it comes: no cache, no authentication, clients that pull are redirected to the store.
 * `storeHost` is where those clients reach the store.
 */
export async function startRegistry(store: BenchStore, storeHost: string, signal: AbortSignal): Promise<BenchRegistry> {
  const port = await findFreePort();
  const server = await startPeerServer(
    'distribution',
    async (program, home) => {
      const file = join(home.path, 'config.yml');
      await writeFile(file, formatConfiguration(store, storeHost, port));
      return {
        command: [program, 'serve', file],
        env: { OTEL_TRACES_EXPORTER: 'none' },
        isReady: answersHttp(`http://127.0.0.1:${port}/v2/`),
      };
    },
    signal,
  );
  return { ...server, port };
}

/** YAML, of which JSON is a part. */
function formatConfiguration(store: BenchStore, storeHost: string, port: number): string {
  return JSON.stringify({
    version: 0.1,
    log: { level: 'error', accesslog: { disabled: true } },
    storage: {
      s3: {
        accesskey: store.accessKeyId,
        secretkey: store.secretAccessKey,
        region: store.region,
        regionendpoint: `http://${storeHost}`,
        forcepathstyle: true,
        secure: false,
        bucket: registryBucket,
      },
    },
    http: { addr: `:${port}` },
  });
}
