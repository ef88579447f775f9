import type { Contestant } from './contestants/contestant.ts';
import { openSession } from './open-session.ts';
import type { LinkSide, Session } from './open-session.ts';
import { summarizeRequests } from './requests/summarize-requests.ts';
import type { RequestSummary } from './requests/summarize-requests.ts';
import { describeCommit, describeMachine } from './results.ts';
import type { Run, ScenarioResult } from './results.ts';
import { runContestant } from './run-contestant.ts';
import { withRelays } from './requests/with-relays.ts';
import { scenarios } from './scenarios.ts';
import type { Scenario, ScenarioName } from './scenarios.ts';
import { createRandom, shuffle } from '../src/bench/statistics.ts';
import { repositoryRoot } from './stores/start-store.ts';

export interface RunOptions {
  readonly rounds: number;
  readonly link: LinkSide | undefined;
  /** What was typed, for whoever wants to do it again. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/**
 * Lets the contestants of a scenario do its work in turn, in another order each round; the first round is not counted. Nothing of one run is left for the next one.
 * Then each runs once more through a relay that counts its requests.
 */
export async function runScenario(name: ScenarioName, options: RunOptions): Promise<ScenarioResult> {
  const scenario: Scenario = scenarios[name];
  const commit = await describeCommit();
  const session = await openSession(scenario, options.link, options.signal);
  try {
    const field = scenario.contestants.filter((contestant) => session.homes.has(contestant));
    if (scenario.stored === 'pushed') await fillStore(scenario, session, options);
    const runs = await runRounds(scenario, field, session, options);
    const requests = await countRequests(scenario, field, session, options);
    return {
      scenario: name,
      shape: options.link?.shape,
      movedBytes: scenario.moves ? session.stage.image.bytes : undefined,
      date: new Date().toISOString(),
      command: options.command,
      commit,
      machine: describeMachine(),
      rounds: options.rounds,
      contestants: field.map((contestant) => ({
        name: contestant.name,
        settings: contestant.settings,
        runs: runs.get(contestant) ?? [],
        requests: requests.get(contestant),
      })),
      absent: session.absent,
    };
  } finally {
    await session.close();
  }
}

/** Does what must have been done before the runs of a scenario whose store is full. */
export async function fillStore(
  { filledBy, contestants }: Scenario,
  session: Session,
  options: Pick<RunOptions, 'link' | 'signal'>,
): Promise<void> {
  for (const contestant of filledBy ?? contestants) {
    if (session.homes.has(contestant)) await runContestant(contestant, session, options, { repository: `${repositoryRoot}/stored` });
  }
}

async function runRounds(
  scenario: Scenario,
  field: readonly Contestant[],
  session: Session,
  options: RunOptions,
): Promise<ReadonlyMap<Contestant, readonly Run[]>> {
  const runs = new Map<Contestant, Run[]>(field.map((contestant) => [contestant, []]));
  const random = createRandom(Date.now());
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const contestant of shuffle(field, random)) {
      const run = await runAlone(scenario, contestant, session, options, round);
      const isCounted = round > 0;
      if (isCounted) runs.get(contestant)?.push(run);
      const title = isCounted ? `round ${round}` : 'warm-up';
      options.onProgress(
        `${title.padEnd(9)} ${contestant.name.padEnd(20)} ${(run.wallMs / 1000).toFixed(2)} s, others ${(run.othersShare * 100).toFixed(0)} %`,
      );
    }
  }
  return runs;
}

/** One run on an empty store, or on one that holds everything. */
async function runAlone(scenario: Scenario, contestant: Contestant, session: Session, options: RunOptions, round: number): Promise<Run> {
  const isEmpty = scenario.stored === 'empty';
  const stage = { repository: isEmpty ? `${repositoryRoot}/round-${round}` : `${repositoryRoot}/stored` };
  const run = await runContestant(contestant, session, options, stage);
  if (!isEmpty) return run;
  const stored = await session.store.countBytes();
  const wanted = scenario.moves ? session.stage.image.bytes : 0;
  if (stored < wanted) throw new Error(`"${contestant.name}" ended well, but stored ${stored} bytes of ${wanted}`);
  await session.store.empty();
  return run;
}

async function countRequests(
  scenario: Scenario,
  field: readonly Contestant[],
  session: Session,
  options: RunOptions,
): Promise<ReadonlyMap<Contestant, RequestSummary>> {
  const summaries = new Map<Contestant, RequestSummary>();
  await withRelays(session, async (relayed, takeRequests) => {
    for (const contestant of field) {
      const repository = scenario.stored === 'empty' ? `${repositoryRoot}/counted` : `${repositoryRoot}/stored`;
      await runContestant(contestant, session, options, { repository, ...relayed });
      const requests = takeRequests();
      if (requests.length > 0) summaries.set(contestant, summarizeRequests(requests));
      if (scenario.stored === 'empty') await session.store.empty();
    }
  });
  return summaries;
}
