import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';

/** go-containerregistry's client; it speaks plain HTTP to 127.0.0.1 and `*.localhost` by itself. */
export function openCrane(): Promise<PeerCommand> {
  return openPeerCommand('crane');
}
