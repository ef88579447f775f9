import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { controlGroupOf, removeControlGroup } from './control-group.ts';
import { withNamespaces } from './namespace.ts';
import { findPeer } from './peer-cache.ts';
import type { PeerHome } from './peer-home.ts';
import { startPeerServer } from './peer-server.ts';
import type { PeerServer } from './peer-server.ts';
import { runCommand } from './run-command.ts';
import type { CommandOptions, CommandResult } from './run-command.ts';

/** A containerd of one's own, and the client that drives it. */
export interface Containerd extends PeerServer {
  /**
   * Runs `ctr` against it. It is `ctr` that pulls, so the names that resolve to 127.0.0.1 are given here. Pulls and
   * runs want `--snapshotter native`, which mounts nothing, and pulls from plain HTTP `--plain-http`.
   */
  ctr(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/** Starts containerd with root, state and socket in its home, inside namespaces of its own. */
export async function startContainerd(signal?: AbortSignal): Promise<Containerd> {
  const server = await startPeerServer(
    'containerd',
    async (program, home) => {
      const config = join(home.path, 'containerd.toml');
      await writeFile(config, containerdConfig(home.path));
      return {
        command: withNamespaces([program, '--config', config], runFolderOf(home.path)),
        isReady: async (ready) => (await runCtr(home, ['version'], { signal: ready })).code === 0,
      };
    },
    signal,
  );
  const home = { path: server.home, env: server.env };
  return {
    ...server,
    ctr: (args, options) => runCtr(home, args, options),
    async close() {
      await server.close();
      await removeControlGroup(server.home);
    },
  };
}

/** In namespaces too: `ctr run` and the daemon meet at pipes below `/run`. */
function runCtr(home: Pick<PeerHome, 'path' | 'env'>, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const program = join(dirname(findPeer('containerd') ?? ''), 'ctr');
  const { hosts, ...rest } = options;
  return runCommand(
    withNamespaces([program, '--address', socketOf(home.path), ...args], {
      ...runFolderOf(home.path),
      hosts,
    }),
    {
      cwd: home.path,
      ...rest,
      // The namespace's name becomes that of the control group above its containers.
      env: { ...home.env, CONTAINERD_NAMESPACE: controlGroupOf(home.path), ...options.env },
    },
  );
}

function socketOf(home: string): string {
  return join(home, 'containerd.sock');
}

function runFolderOf(home: string): { runFolder: string } {
  return { runFolder: join(home, 'run') };
}

function containerdConfig(home: string): string {
  return `version = 2
root = "${join(home, 'root')}"
state = "${join(home, 'state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${socketOf(home)}"
`;
}
