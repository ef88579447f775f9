import { openPeerCommand } from './peer-command.ts';
import type { PeerCommand } from './peer-command.ts';

/** regclient's command; `plainHttpHosts` (HOST:PORT) are reached without TLS, which it expects everywhere otherwise. */
export function openRegctl(plainHttpHosts: readonly string[] = []): Promise<PeerCommand> {
  const hostArgs = plainHttpHosts.flatMap((host) => ['--host', `reg=${host},tls=disabled`]);
  return openPeerCommand('regctl', { globalArgs: () => hostArgs });
}
