import type { Stage } from '../contestants/contestant.ts';
import type { Session } from '../open-session.ts';
import { startRelay } from './start-relay.ts';
import type { RecordedRequest } from './start-relay.ts';

/** Does something with relays before the store and the registry, if there is one; `takeRequests` gives what both recorded since the last call, in order of their start. */
export async function withRelays(
  session: Session,
  work: (relayed: Pick<Stage, 'store' | 'registry'>, takeRequests: () => readonly RecordedRequest[]) => Promise<void>,
): Promise<void> {
  const store = await startRelay(session.store.port);
  const registry = session.registry && (await startRelay(session.registry.port));
  const [address = ''] = session.stage.store.split(':');
  const relayed = { store: `${address}:${store.port}`, registry: `${address}:${registry?.port}` };
  try {
    const take = (): readonly RecordedRequest[] => [...store.takeRequests(), ...(registry?.takeRequests() ?? [])];
    await work(relayed, () => take().toSorted((a, b) => a.startMs - b.startMs));
  } finally {
    await store.close();
    await registry?.close();
  }
}
