import { join } from 'node:path';
import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';

/** skopeo with a policy that accepts unsigned images; plain HTTP is asked for by `--src-tls-verify=false` and the like. */
export function openSkopeo(): Promise<PeerCommand> {
  return openPeerCommand('skopeo', {
    globalArgs: (home) => ['--policy', join(home, '.config/containers/policy.json'), '--tmpdir', join(home, 'tmp')],
  });
}
