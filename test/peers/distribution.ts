import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PeerRegistry } from './crane-registry.ts';
import { findFreePort } from './free-port.ts';
import { answersHttp, startPeerServer } from './peer-server.ts';

export interface DistributionOptions {
  /** Lines of an htpasswd file with bcrypt passwords (`ada:$2y$…`); anyone may do anything if left out. */
  readonly htpasswd?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Starts the CNCF's registry on an empty folder of its home. It has no referrers API. */
export async function startDistribution({ htpasswd, signal }: DistributionOptions = {}): Promise<PeerRegistry> {
  const host = `127.0.0.1:${await findFreePort()}`;
  const server = await startPeerServer(
    'distribution',
    async (program, home) => {
      const passwords = join(home.path, 'htpasswd');
      if (htpasswd !== undefined) await writeFile(passwords, htpasswd);
      const config = join(home.path, 'config.json');
      // What is JSON is YAML, too
      await writeFile(
        config,
        JSON.stringify({
          version: 0.1,
          log: { level: 'warn', accesslog: { disabled: true } },
          http: { addr: host },
          storage: { filesystem: { rootdirectory: join(home.path, 'registry') }, delete: { enabled: true } },
          ...(htpasswd !== undefined && { auth: { htpasswd: { realm: 'tests', path: passwords } } }),
        }),
      );
      return {
        command: [program, 'serve', config],
        env: { OTEL_TRACES_EXPORTER: 'none' },
        isReady: answersHttp(`http://${host}/v2/`),
      };
    },
    signal,
  );
  return { ...server, host };
}
