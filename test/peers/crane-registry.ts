import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { answersHttp, startPeerServer } from './peer-server.ts';
import type { PeerServer } from './peer-server.ts';

/** A registry that is not ours, at `http://HOST`. */
export interface PeerRegistry extends PeerServer {
  /** `127.0.0.1:PORT`, as it stands before the repository in a reference. */
  readonly host: string;
}

/** Starts the registry that comes with crane, on an empty folder: anyone may push, pull and ask for referrers. */
export async function startCraneRegistry(signal?: AbortSignal): Promise<PeerRegistry> {
  const host = `127.0.0.1:${await findFreePort()}`;
  const server = await startPeerServer(
    'crane',
    async (program, home) => {
      const disk = join(home.path, 'blobs');
      await mkdir(disk);
      return {
        command: [program, 'registry', 'serve', '--address', host, '--disk', disk],
        isReady: answersHttp(`http://${host}/v2/`),
      };
    },
    signal,
  );
  return { ...server, host };
}
