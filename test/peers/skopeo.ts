import { join } from 'node:path';
import { withNamespaces } from './namespace.ts';
import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';

/** skopeo with a policy that accepts unsigned images; plain HTTP is asked for by `--src-tls-verify=false` and the like. */
export function openSkopeo(): Promise<PeerCommand> {
  return openPeerCommand('skopeo', {
    globalArgs: (home) => [`--policy=${join(home, '.config/containers/policy.json')}`, `--tmpdir=${join(home, 'tmp')}`],
    // As root it remembers which blob it saw where, in a folder of the system that no option moves.
    wrap: (command, _home, hosts) => (process.getuid?.() === 0 ? withNamespaces(command, { hosts }) : command),
  });
}
