import { join } from 'node:path';
import { controlGroupOf, removeControlGroup } from './control-group.ts';
import { withNamespaces } from './namespace.ts';
import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';
import type { CommandOptions, CommandResult } from './run-command.ts';

/** podman, with a way to run containers that works where limits cannot be raised and no network can be made. */
export interface Podman extends PeerCommand {
  /** `podman run` of these arguments: options, image, command. The container is removed afterwards. */
  runContainer(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

/**
 * podman with storage of its own. Each command runs in namespaces of its own, so a container lives no longer than
 * the `run` that started it; images stay until `close`. Plain HTTP is asked for by `--tls-verify=false`.
 */
export async function openPodman(): Promise<Podman> {
  const podman = await openPeerCommand('podman', {
    // vfs keeps no mounts; runc, since crun refuses control groups of both versions side by side.
    globalArgs: (home) => [
      `--root=${join(home, 'storage')}`,
      `--runroot=${join(home, 'run')}`,
      '--storage-driver=vfs',
      '--runtime=runc',
      '--cgroup-manager=cgroupfs',
      '--events-backend=none',
    ],
    wrap: (command, home, hosts) => withNamespaces(command, { hosts, runFolder: join(home, 'run') }),
  });
  const runArgs = [
    '--rm',
    '--network=none',
    `--cgroup-parent=/${controlGroupOf(podman.home)}`,
    '--ulimit=nofile=1024:1024',
    '--ulimit=nproc=1024:1024',
  ];
  return {
    ...podman,
    runContainer: (args, options) => podman.run(['run', ...runArgs, ...args], options),
    async close() {
      await podman.close();
      await removeControlGroup(podman.home);
    },
  };
}
