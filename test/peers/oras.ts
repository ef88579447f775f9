import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';

/** The ORAS client; plain HTTP is asked for by `--plain-http`, on either side of a copy by `--from-plain-http` and `--to-plain-http`. */
export function openOras(): Promise<PeerCommand> {
  return openPeerCommand('oras');
}
