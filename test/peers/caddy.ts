import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import type { FileServer } from './nginx.ts';
import { answersHttp, startPeerServer } from './peer-server.ts';
import { runCommand } from './run-command.ts';

/**
 * Starts Caddy in the foreground. `caddyfile` gives, for a free port, a whole Caddyfile whose site is
 * `http://127.0.0.1:PORT`. The administration endpoint, which would take a fixed port, is turned off after the
 * Caddyfile was read, so that the file may have global options of its own.
 */
export async function startCaddy(caddyfile: (port: number) => string, signal?: AbortSignal): Promise<FileServer> {
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startPeerServer(
    'caddy',
    async (program, home) => {
      const source = join(home.path, 'Caddyfile');
      await writeFile(source, caddyfile(port));
      const adapt = [program, 'adapt', '--adapter', 'caddyfile', '--config', source] as const;
      const adapted = await runCommand(adapt, { env: home.env, signal });
      if (adapted.code !== 0) throw new Error(`Cannot read the Caddyfile: ${adapted.stderr}`);
      const config = join(home.path, 'caddy.json');
      const admin = { disabled: true, config: { persist: false } };
      await writeFile(config, JSON.stringify({ ...JSON.parse(adapted.stdout), admin }));
      return { command: [program, 'run', '--config', config], isReady: answersHttp(endpoint) };
    },
    signal,
  );
  return { ...server, endpoint, port };
}
