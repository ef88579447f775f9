import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { CommandLine } from './namespace.ts';
import { withNamespaces } from './namespace.ts';
import { startPeerServer } from './peer-server.ts';
import type { PeerServer } from './peer-server.ts';
import { runCommand } from './run-command.ts';
import type { CommandOptions, CommandResult } from './run-command.ts';

/** A containerd of one's own, and the client that drives it. */
export interface Containerd extends PeerServer {
  /** Runs `ctr` against it. Pulls want `--snapshotter native` and, from plain HTTP, `--plain-http`. */
  ctr(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/**
 * Starts containerd with root, state and socket in its home, inside namespaces of its own. Pulling is `ctr`'s work,
 * not the daemon's: names that resolve to 127.0.0.1 are given to `ctr` as `hosts`.
 */
export async function startContainerd(signal?: AbortSignal): Promise<Containerd> {
  let socket = '';
  let client = '';
  const askVersion = (env: NodeJS.ProcessEnv, options?: CommandOptions): Promise<CommandResult> =>
    runCommand([client, '--address', socket, 'version'], { env, ...options });
  const server = await startPeerServer(
    'containerd',
    async (program, home) => {
      socket = join(home.path, 'containerd.sock');
      client = join(dirname(program), 'ctr');
      const config = join(home.path, 'containerd.toml');
      await writeFile(config, containerdConfig(home.path, socket));
      const command: CommandLine = [program, '--config', config];
      return {
        command: withNamespaces(command),
        isReady: async (ready) => (await askVersion(home.env, { signal: ready })).code === 0,
      };
    },
    signal,
  );
  return {
    ...server,
    ctr: (args, options = {}) =>
      runCommand([client, '--address', socket, ...args], {
        cwd: server.home,
        ...options,
        env: { ...server.env, ...options.env },
      }),
  };
}

function containerdConfig(home: string, socket: string): string {
  return `version = 2
root = "${join(home, 'root')}"
state = "${join(home, 'state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${socket}"
`;
}
