import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { controlGroupOf, removeControlGroup } from './control-group.ts';
import { withNamespaces } from './namespace.ts';
import { findProgram } from './peer-cache.ts';
import { startPeerServer } from './peer-server.ts';
import type { PeerServer } from './peer-server.ts';
import { runCommand } from './run-command.ts';
import type { CommandOptions, CommandResult } from './run-command.ts';

/** A Docker daemon of one's own, and the client that drives it. */
export interface Dockerd extends PeerServer {
  /** The daemon's Unix socket, for what speaks its API. */
  readonly socket: string;
  /** Runs `docker` against it. Containers have no network: `run` wants `--network=none`. */
  docker(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

export interface DockerdOptions {
  /** Names that resolve to 127.0.0.1 for the daemon, which is the one that pulls. */
  readonly hosts?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** containerd, which Debian's daemon starts itself, has to be there first. */
const READY_TIMEOUT_MS = 40_000;

/** Starts dockerd with all its folders in its home and without touching the network, inside namespaces of its own. */
export async function startDockerd({ hosts, signal }: DockerdOptions = {}): Promise<Dockerd> {
  const client = findProgram('docker');
  if (client === undefined) throw new Error('Cannot start dockerd: there is no "docker" on PATH');
  let socket = '';
  const server = await startPeerServer(
    'dockerd',
    async (program, home) => {
      socket = join(home.path, 'docker.sock');
      const config = join(home.path, 'daemon.json');
      await writeFile(config, '{}');
      const ask = [client, '--host', `unix://${socket}`, 'version'] as const;
      return {
        command: withNamespaces([program, ...daemonArgs(home.path, socket, config)], {
          hosts,
        }),
        readyTimeoutMs: READY_TIMEOUT_MS,
        isReady: async (ready) => (await runCommand(ask, { env: home.env, signal: ready })).code === 0,
      };
    },
    signal,
  );
  return {
    ...server,
    socket,
    docker: (args, options = {}) =>
      runCommand([client, '--host', `unix://${socket}`, ...args], {
        cwd: server.home,
        ...options,
        env: { ...server.env, ...options.env },
      }),
    async close() {
      await server.close();
      await removeControlGroup(server.home);
    },
  };
}

/** The arguments of a daemon that keeps to its home and lets the network alone. */
export function daemonArgs(home: string, socket: string, config: string): readonly string[] {
  return [
    `--config-file=${config}`,
    `--data-root=${join(home, 'data')}`,
    `--exec-root=${join(home, 'exec')}`,
    `--pidfile=${join(home, 'docker.pid')}`,
    `--host=unix://${socket}`,
    '--storage-driver=vfs',
    `--cgroup-parent=/${controlGroupOf(home)}`,
    '--iptables=false',
    '--bridge=none',
  ];
}
