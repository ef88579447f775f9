import type { Contestant, Stage } from './contestants/contestant.ts';
import type { Session } from './open-session.ts';
import { summarizeRequests } from './requests/summarize-requests.ts';
import type { RequestSummary } from './requests/summarize-requests.ts';
import { withRelays } from './requests/with-relays.ts';
import { runContestant } from './run-contestant.ts';
import type { RunContestantOptions } from './run-contestant.ts';
import type { Scenario } from './scenario.ts';
import { repositoryRoot } from './stores/start-store.ts';

/** Lets each contestant do a scenario's work once, through a relay. Those that ask for nothing are not in the answer, nor are others than the first that fail: the rounds will tell. */
export async function countRequests(
  scenario: Scenario,
  field: readonly Contestant[],
  session: Session,
  options: RunContestantOptions,
): Promise<ReadonlyMap<Contestant, RequestSummary>> {
  const summaries = new Map<Contestant, RequestSummary>();
  await withRelays(session, async (relayed, takeRequests) => {
    for (const contestant of field) {
      const repository = scenario.stored === 'empty' ? `${repositoryRoot}/counted` : `${repositoryRoot}/stored`;
      const isDone = await tryRun(contestant, session, options, { repository, ...relayed }, contestant === field[0]);
      const requests = takeRequests();
      if (isDone && requests.length > 0) summaries.set(contestant, summarizeRequests(requests));
      if (scenario.stored === 'empty') await session.store.empty();
    }
  });
  return summaries;
}

async function tryRun(
  contestant: Contestant,
  session: Session,
  options: RunContestantOptions,
  changes: Partial<Stage>,
  isNeeded: boolean,
): Promise<boolean> {
  try {
    await runContestant(contestant, session, options, changes);
    return true;
  } catch (error) {
    if (isNeeded || options.signal.aborted) throw error;
    return false;
  }
}
