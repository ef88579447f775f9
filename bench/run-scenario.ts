import { loadavg } from 'node:os';
import { createRandom, leastComparableRuns, shuffle } from '../src/bench/statistics.ts';
import type { Contestant } from './contestants/contestant.ts';
import { countRequests } from './count-requests.ts';
import { describeCommand } from './describe-command.ts';
import { openSession } from './open-session.ts';
import type { LinkSide, Session } from './open-session.ts';
import { describeCommit, describeMachine } from './results.ts';
import type { Run, ScenarioResult } from './results.ts';
import { runContestant } from './run-contestant.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';
import { repositoryRoot } from './stores/start-store.ts';

export interface RunOptions {
  readonly rounds: number;
  readonly link: LinkSide | undefined;
  /** What was typed, for whoever wants to do it again. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/** Rounds of those who take long and are as fast each time: as many as a comparison needs. */
const seldomRounds = leastComparableRuns;

/**
 * Lets the contestants of a scenario do its work in turn, in another order each round. Nothing of one run is left for the next one. Before the first round each has run once:
 * through a relay that counts its requests, or in a round that does not count.
 */
export async function runScenario(name: ScenarioName, options: RunOptions): Promise<ScenarioResult> {
  const scenario: Scenario = scenarios[name];
  const commit = await describeCommit();
  const loadBefore = loadavg()[0] ?? 0;
  const session = await openSession(scenario, options.link, options.signal);
  try {
    const field = scenario.contestants.filter((contestant) => session.homes.has(contestant));
    if (scenario.stored === 'pushed') await fillStore(scenario, session, options);
    const requests = scenario.isCounted ? await countRequests(scenario, field, session, options) : undefined;
    const rounds = Math.min(options.rounds * (scenario.repeats ?? 1), scenario.mostRounds ?? Infinity);
    const runs = await runRounds(scenario, field, session, { ...options, rounds });
    return {
      scenario: name,
      shape: options.link?.shape,
      movedBytes: scenario.moves ? session.stage.image.bytes : undefined,
      date: new Date().toISOString(),
      command: options.command,
      loadBefore,
      commit,
      machine: describeMachine(),
      rounds,
      contestants: field.map((contestant) => ({
        name: contestant.name,
        settings: contestant.settings,
        isOwn: contestant.isOwn,
        command: describeCommand(contestant, session),
        runs: runs.get(contestant) ?? [],
        requests: requests?.get(contestant),
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
  const isWarm = scenario.isCounted || scenario.mostRounds !== undefined;
  for (let round = isWarm ? 1 : 0; round <= options.rounds; round += 1) {
    for (const contestant of shuffle(field, random)) {
      const isSeldom = scenario.seldom?.includes(contestant) === true;
      if (isSeldom && (round === 0 || round > seldomRounds)) continue;
      const run = await runAlone(scenario, contestant, session, options, round);
      if (round > 0) runs.get(contestant)?.push(run);
      options.onProgress(describeRun(contestant, run, round));
    }
  }
  return runs;
}

function describeRun({ name }: Contestant, { wallMs, cpuMs, othersShare }: Run, round: number): string {
  const title = round > 0 ? `round ${round}` : 'warm-up';
  const cells = [title.padEnd(9), name.padEnd(22), `${(wallMs / 1000).toFixed(2)} s,`, `CPU ${(cpuMs / 1000).toFixed(2)} s,`];
  return `${cells.join(' ')} others ${(othersShare * 100).toFixed(0)} %`;
}

/** One run on an empty store, or on one that holds everything. */
async function runAlone(scenario: Scenario, contestant: Contestant, session: Session, options: RunOptions, round: number): Promise<Run> {
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
