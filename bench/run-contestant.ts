import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { Contestant, Stage } from './contestants/contestant.ts';
import { readBusyMs, readProcessMs } from './measure/machine-load.ts';
import { measureCommand } from './measure/measure-command.ts';
import type { LinkSide, Session } from './open-session.ts';
import type { Run } from './results.ts';
import { repositoryRoot } from './stores/start-store.ts';

const runTimeoutMs = 10 * 60_000;

/** Where and how long a contestant may run. */
export interface RunContestantOptions {
  readonly link: LinkSide | undefined;
  readonly signal: AbortSignal;
}

/** Runs a contestant once, on the client's side of the link, and says what it took. Throws where it fails. */
export async function runContestant(
  contestant: Contestant,
  session: Session,
  { link, signal }: RunContestantOptions,
  changes: Partial<Stage>,
): Promise<Run> {
  const home = session.homes.get(contestant);
  if (home === undefined) throw new Error(`"${contestant.name}" has no home`);
  const stage: Stage = { ...session.stage, repository: `${repositoryRoot}/image`, home: home.path, ...changes };
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
