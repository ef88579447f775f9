import { join } from 'node:path';
import { withNamespaces } from './namespace.ts';
import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';

/** After `podman run`: what lets a container start as root where limits cannot be raised and no network can be made. */
export const PODMAN_RUN_ARGS: readonly string[] = ['--rm', '--network=none', '--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024'];

/**
 * podman with storage of its own. Each command runs in namespaces of its own, so a container lives no longer than
 * the `run` that started it; images stay until `close`. Plain HTTP is asked for by `--tls-verify=false`.
 */
export function openPodman(): Promise<PeerCommand> {
  return openPeerCommand('podman', {
    // vfs keeps no mounts; runc, since crun refuses cgroups of both versions side by side.
    globalArgs: (home) => [
      ...['--root', join(home, 'storage')],
      ...['--runroot', join(home, 'run')],
      ...['--storage-driver', 'vfs'],
      ...['--runtime', 'runc'],
      ...['--cgroup-manager', 'cgroupfs'],
      ...['--events-backend', 'none'],
    ],
    wrap: (command, { hosts }) => withNamespaces(command, hosts),
  });
}
