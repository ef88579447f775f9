import { createRandom, leastComparableRuns, shuffle } from '../src/bench/statistics.ts';
import type { Contestant } from './contestants/contestant.ts';
import type { Session } from './open-session.ts';
import type { Run, ScenarioResult } from './results.ts';
import { runContestant } from './run-contestant.ts';
import type { RunContestantOptions } from './run-contestant.ts';
import type { Scenario } from './scenario.ts';
import { repositoryRoot } from './stores/start-store.ts';

export interface RoundsOptions extends RunContestantOptions {
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

/** What the rounds gave. */
export interface Rounds {
  readonly runs: ReadonlyMap<Contestant, readonly Run[]>;
  /** Who could not do the work, and is not among `runs`. */
  readonly failed: ScenarioResult['absent'];
}

/** Rounds of those who take long and are as fast each time: as many as a comparison needs. */
const seldomRounds = leastComparableRuns;

/** Lets contestants do a scenario's work in turn. Another's failure takes that one out; the first one's, ours, is thrown. */
export async function runRounds(
  scenario: Scenario,
  field: readonly Contestant[],
  session: Session,
  options: RoundsOptions,
): Promise<Rounds> {
  const runs = new Map<Contestant, Run[]>(field.map((contestant) => [contestant, []]));
  const failed: { name: string; reason: string }[] = [];
  const random = createRandom(Date.now());

  const tryRun = async (contestant: Contestant, round: number): Promise<void> => {
    try {
      const run = await runAlone(scenario, contestant, session, options, round);
      if (round > 0) runs.get(contestant)?.push(run);
      options.onProgress(describeRun(contestant, run, round));
    } catch (error) {
      if (contestant === field[0] || options.signal.aborted) throw error;
      options.onProgress(`${contestant.name} is out: ${error instanceof Error ? error.message : String(error)}`);
      failed.push({ name: contestant.name, reason: `failed in round ${round}` });
      runs.delete(contestant);
      if (scenario.stored === 'empty') await session.store.empty();
    }
  };
  for (let round = isWarm(scenario) ? 1 : 0; round <= options.rounds; round += 1) {
    for (const contestant of shuffle([...runs.keys()], random)) {
      if (hasTurn(scenario, contestant, round)) await tryRun(contestant, round);
    }
  }
  return { runs, failed };
}

/** Whether each has run already, or will not do so for nothing. */
function isWarm({ isCounted, mostRounds }: Scenario): boolean {
  return isCounted || mostRounds !== undefined;
}

function hasTurn({ seldom = [] }: Scenario, contestant: Contestant, round: number): boolean {
  return !seldom.includes(contestant) || (round > 0 && round <= seldomRounds);
}

function describeRun({ name }: Contestant, { wallMs, cpuMs, othersShare }: Run, round: number): string {
  const title = round > 0 ? `round ${round}` : 'warm-up';
  const cells = [title.padEnd(9), name.padEnd(22), `${(wallMs / 1000).toFixed(2)} s,`, `CPU ${(cpuMs / 1000).toFixed(2)} s,`];
  return `${cells.join(' ')} others ${(othersShare * 100).toFixed(0)} %`;
}

/** One run on an empty store, or on one that holds everything. */
async function runAlone(scenario: Scenario, contestant: Contestant, session: Session, options: RoundsOptions, round: number): Promise<Run> {
  const isEmpty = scenario.stored === 'empty';
  const stage = { repository: isEmpty ? `${repositoryRoot}/round-${round}` : `${repositoryRoot}/stored` };
  const run = await runContestant(contestant, session, options, stage);
  if (!isEmpty) return run;
  const stored = await session.store.countBytes();
  const wanted = scenario.moves ? session.stage.image.leastStoredBytes : 0;
  if (stored < wanted) throw new Error(`"${contestant.name}" ended well, but stored ${stored} bytes of ${wanted}`);
  await session.store.empty();
  return run;
}
