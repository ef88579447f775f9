import { loadavg } from 'node:os';
import { countRequests } from './count-requests.ts';
import { describeCommand } from './describe-command.ts';
import { openSession } from './open-session.ts';
import type { LinkSide, Session } from './open-session.ts';
import { describeCommit, describeMachine } from './results.ts';
import type { ScenarioResult } from './results.ts';
import { runContestant } from './run-contestant.ts';
import { runRounds } from './run-rounds.ts';
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
    const { runs, failed } = await runRounds(scenario, field, session, { ...options, rounds });
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
      contestants: [...runs].map(([contestant, done]) => ({
        name: contestant.name,
        settings: contestant.settings,
        isOwn: contestant.isOwn,
        command: describeCommand(contestant, session),
        runs: done,
        requests: requests?.get(contestant),
      })),
      absent: [...session.absent, ...failed],
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
