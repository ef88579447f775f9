import type { Stage } from '../contestants/contestant.ts';
import type { Session } from '../open-session.ts';
import { startRelay } from './start-relay.ts';
import type { RecordedRequest } from './start-relay.ts';

/** Does something with relays before the store and the registry; `takeRequests` gives what both recorded since the last call, in order of their start. */
export async function withRelays(
  session: Session,
  work: (relayed: Pick<Stage, 'store' | 'registry'>, takeRequests: () => readonly RecordedRequest[]) => Promise<void>,
): Promise<void> {
  const store = await startRelay(session.store.port);
  const registry = await startRelay(session.registry.port);
  const [address = ''] = session.stage.store.split(':');
  const relayed = { store: `${address}:${store.port}`, registry: `${address}:${registry.port}` };
  try {
    await work(relayed, () => [...store.takeRequests(), ...registry.takeRequests()].sort((a, b) => a.startMs - b.startMs));
  } finally {
    await store.close();
    await registry.close();
  }
}
