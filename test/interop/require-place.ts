import { describe } from 'vitest';
import type { PeerName } from '../peers/peers.ts';
import { decidePeers, describePeer } from '../peers/require-peer.ts';
import { PLACE_NAMES, SERVERS } from './place.ts';
import type { PlaceName } from './place.ts';

/** Places whose bucket stands at a host's root that no resolver knows. */
const OWN_HOSTS: readonly PlaceName[] = ['minio', 'versitygw', 'aws'];

/** The places that can be opened here. */
export function findPlaces(): readonly PlaceName[] {
  return PLACE_NAMES.filter((name) => hasHost(name) && decidePeers(serversOf(name)).outcome === 'run');
}

/** A `describePeer` for what needs a place; one whose host only a hosts file can name is for root only. */
export function describePlace(name: PlaceName, title: string, tests: () => void): void {
  if (hasHost(name)) {
    describePeer(serversOf(name), title, tests);
  } else {
    describe.skip(title, { meta: { skipReason: 'only root can give a client a hosts file of its own' } }, tests);
  }
}

function serversOf(name: PlaceName): readonly PeerName[] {
  const server = SERVERS[name];
  return server === undefined ? [] : [server];
}

function hasHost(name: PlaceName): boolean {
  return process.getuid?.() === 0 || !OWN_HOSTS.includes(name);
}
