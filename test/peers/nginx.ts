import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from './free-port.ts';
import { answersHttp, startPeerServer } from './peer-server.ts';
import type { PeerServer } from './peer-server.ts';

/** A file server at `http://127.0.0.1:PORT`. */
export interface FileServer extends PeerServer {
  readonly endpoint: string;
  readonly port: number;
}

/**
 * Starts nginx in the foreground. `httpConfig` gives, for a free port, what stands inside `http { … }`: one or more
 * `server` blocks that listen on `127.0.0.1:PORT`. All of nginx's own files are in its home.
 */
export async function startNginx(httpConfig: (port: number) => string, signal?: AbortSignal): Promise<FileServer> {
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = await startPeerServer(
    'nginx',
    async (program, home) => {
      const config = join(home.path, 'nginx.conf');
      await writeFile(config, wrapHttpConfig(httpConfig(port), home.path));
      return {
        command: [program, '-e', 'stderr', '-p', home.path, '-c', config],
        isReady: answersHttp(endpoint),
      };
    },
    signal,
  );
  return { ...server, endpoint, port };
}

function wrapHttpConfig(httpConfig: string, home: string): string {
  const temporaryFolders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((what) => `  ${what}_temp_path ${join(home, 'tmp', what)};`)
    .join('\n');
  // A worker of another user than root could not enter the tests' temporary folders.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}daemon off;
worker_processes 1;
pid ${join(home, 'nginx.pid')};
error_log stderr;
events {}
http {
${temporaryFolders}
  access_log off;
${httpConfig}
}
`;
}
