import type { CommandLine } from './namespace.ts';
import { createPeerHome } from './peer-home.ts';
import type { PeerHome } from './peer-home.ts';
import { peerPath } from './peer-cache.ts';
import type { PeerName } from './peers.ts';
import { startServer } from './server-process.ts';
import type { ServerOptions } from './server-process.ts';

/** A real server that runs until `close`, which leaves neither a process nor a file of it. */
export interface PeerServer {
  readonly pid: number;
  /** The server's home; files made in it go away with it. */
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  /** The last it wrote to both outputs. */
  readonly output: () => string;
  readonly close: () => Promise<void>;
}

/** What one server's wrapper decides, once its home is there. */
export interface PeerServerSetup extends Pick<ServerOptions, 'isReady' | 'readyTimeoutMs'> {
  readonly command: CommandLine;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a peer in a home of its own and waits until it is ready. Throws where it is not installed or does not start. */
export async function startPeerServer(
  name: PeerName,
  prepare: (program: string, home: PeerHome) => Promise<PeerServerSetup>,
  signal?: AbortSignal,
): Promise<PeerServer> {
  const program = peerPath(name);
  const home = await createPeerHome(name);
  try {
    const setup = await prepare(program, home);
    const env = { ...home.env, ...setup.env };
    const server = await startServer({ ...setup, cwd: home.path, env, signal });
    return {
      pid: server.pid,
      home: home.path,
      env,
      output: server.output,
      async close() {
        await server.stop();
        await home.remove();
      },
    };
  } catch (error) {
    await home.remove();
    throw error;
  }
}

/** A readiness check: any answer to a GET of this URL, whatever its status. */
export function answersHttp(url: string): (signal: AbortSignal) => Promise<boolean> {
  return async (signal) => {
    const response = await fetch(url, { signal, redirect: 'manual' });
    await response.body?.cancel();
    return true;
  };
}
