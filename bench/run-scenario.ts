import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Contestant, Stage } from './contestants/contestant.ts';
import { readBusyMs, readProcessMs } from './measure/machine-load.ts';
import { measureCommand } from './measure/measure-command.ts';
import { openSession } from './open-session.ts';
import type { LinkSide, Session } from './open-session.ts';
import { startRelay } from './requests/start-relay.ts';
import { summarizeRequests } from './requests/summarize-requests.ts';
import type { RequestSummary } from './requests/summarize-requests.ts';
import { describeMachine } from './results.ts';
import type { Run, ScenarioResult } from './results.ts';
import { scenarios } from './scenarios.ts';
import type { Scenario, ScenarioName } from './scenarios.ts';
import { createRandom, shuffle } from './statistics.ts';

export interface RunOptions {
  readonly rounds: number;
  readonly link: LinkSide | undefined;
  /** What was typed, for whoever wants to do it again. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

const runTimeoutMs = 10 * 60_000;

/**
 * Lets the contestants of a scenario do its work in turn, in another order each round; the first round is not counted. Nothing of one run is left for the next one.
 * Then each runs once more through a relay that counts its requests.
 */
export async function runScenario(name: ScenarioName, options: RunOptions): Promise<ScenarioResult> {
  const scenario: Scenario = scenarios[name];
  const session = await openSession(scenario, options.link, options.signal);
  try {
    const field = scenario.contestants.filter((contestant) => session.homes.has(contestant));
    if (scenario.stored === 'pushed') await fill(scenario, session, options);
    const runs = await runRounds(scenario, field, session, options);
    const requests = await countRequests(scenario, field, session, options);
    return {
      scenario: name,
      shape: options.link?.shape,
      bytes: session.stage.image.bytes,
      date: new Date().toISOString(),
      command: options.command,
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

async function fill({ filledBy, contestants }: Scenario, session: Session, options: RunOptions): Promise<void> {
  for (const contestant of filledBy ?? contestants) {
    if (session.homes.has(contestant)) await runOnce(contestant, session, options, { repository: 'bench/stored' });
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
  const stage = { repository: isEmpty ? `bench/round-${round}` : 'bench/stored' };
  const run = await runOnce(contestant, session, options, stage);
  if (isEmpty && !contestant.name.includes(' -')) {
    const stored = await session.store.countBytes();
    if (stored < session.stage.image.bytes) throw new Error(`"${contestant.name}" stored ${stored} bytes of ${session.stage.image.bytes}`);
    await session.store.empty();
  }
  return run;
}

async function runOnce(contestant: Contestant, session: Session, { link, signal }: RunOptions, changes: Partial<Stage>): Promise<Run> {
  const home = session.homes.get(contestant);
  if (home === undefined) throw new Error(`"${contestant.name}" has no home`);
  const stage: Stage = { ...session.stage, repository: 'bench/image', home: home.path, ...changes };
  await rm(stage.outputFolder, { recursive: true, force: true });
  await mkdir(stage.outputFolder);
  const env = {
    ...home.env,
    AWS_ACCESS_KEY_ID: stage.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stage.secretAccessKey,
    AWS_REGION: 'us-east-1',
  };
  const servers = [session.store.pid, session.registry.pid];
  const before = await readTimes(servers, link);
  const measurement = await measureCommand({
    command: contestant.command(stage),
    prefix: link?.clientPrefix,
    options: { env, cwd: home.path, timeoutMs: runTimeoutMs, signal },
    folder: session.folder,
  });
  const after = await readTimes(servers, link);
  const serversCpuMs = after.servers - before.servers;
  const othersMs = after.busy - before.busy - serversCpuMs - (after.link - before.link) - measurement.cpuMs;
  const othersShare = Math.min(1, Math.max(0, othersMs / (measurement.wallMs * availableParallelism())));
  return { ...measurement, serversCpuMs, othersShare };
}

async function readTimes(servers: readonly number[], link: LinkSide | undefined): Promise<{ busy: number; servers: number; link: number }> {
  const times = await Promise.all(servers.map(readProcessMs));
  const linkMs = link === undefined ? 0 : await readProcessMs(link.pid);
  return { busy: await readBusyMs(), servers: times.reduce((sum, time) => sum + time, 0), link: linkMs };
}

async function countRequests(
  scenario: Scenario,
  field: readonly Contestant[],
  session: Session,
  options: RunOptions,
): Promise<ReadonlyMap<Contestant, RequestSummary>> {
  const summaries = new Map<Contestant, RequestSummary>();
  const relays = [await startRelay(session.store.port), await startRelay(session.registry.port)] as const;
  const hosts = [session.stage.store, session.stage.registry].map((host, index) => `${host.split(':')[0]}:${relays[index]?.port}`);
  try {
    for (const contestant of field) {
      const repository = scenario.stored === 'empty' ? 'bench/counted' : 'bench/stored';
      await runOnce(contestant, session, options, { repository, store: hosts[0] ?? '', registry: hosts[1] ?? '' });
      const requests = relays.flatMap((relay) => relay.takeRequests());
      if (requests.length > 0) summaries.set(contestant, summarizeRequests(requests));
      if (scenario.stored === 'empty') await session.store.empty();
    }
  } finally {
    for (const relay of relays) await relay.close();
  }
  return summaries;
}
