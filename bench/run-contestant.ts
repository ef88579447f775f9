import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { CommandLine } from '../test/peers/namespace.ts';
import { lastLines, runCommand } from '../test/peers/run-command.ts';
import type { CommandOptions } from '../test/peers/run-command.ts';
import type { Contestant, Stage } from './contestants/contestant.ts';
import { readBusyMs, readProcessMs } from './measure/machine-load.ts';
import { measureCommand } from './measure/measure-command.ts';
import type { Measurement } from './measure/measure-command.ts';
import { watchDaemon } from './measure/watch-daemon.ts';
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
  const stage = await setStage(contestant, session, changes);
  const options = { env: formatEnvironment(contestant, session, stage), cwd: stage.home, timeoutMs: runTimeoutMs, signal };
  const preparation = contestant.before?.(stage);
  if (preparation !== undefined) await prepare(preparation, options);
  const summarize = await watchRun(contestant, session, link);
  const own = await measureCommand({ command: contestant.command(stage), prefix: link?.clientPrefix, options, folder: session.folder });
  return { ...(await summarize(own)), pace: await session.store.readPace?.() };
}

/** Begins to watch what works beside the command itself. @returns a function that says, once the command has ended, what the whole took */
async function watchRun(
  contestant: Contestant,
  { store, registry, docker }: Session,
  link: LinkSide | undefined,
): Promise<(own: Measurement) => Promise<Run>> {
  const servers = [store.pid, ...(registry === undefined ? [] : [registry.pid])];
  const askDaemon = docker && contestant.needs.includes('dockerd') ? await watchDaemon(docker.pid) : undefined;
  const before = await readTimes(servers, link);
  return async ({ wallMs, cpuMs: ownMs, peakBytes: ownPeak }) => {
    const after = await readTimes(servers, link);
    const daemon = await askDaemon?.();
    const cpuMs = ownMs + (daemon?.cpuMs ?? 0);
    const serversCpuMs = after.servers - before.servers;
    const othersMs = after.busy - before.busy - serversCpuMs - (after.link - before.link) - cpuMs;
    const othersShare = Math.min(1, Math.max(0, othersMs / (wallMs * availableParallelism())));
    return { wallMs, cpuMs, peakBytes: Math.max(ownPeak, daemon?.peakBytes ?? 0), serversCpuMs, othersShare };
  };
}

/** Prepares what a contestant finds. */
async function setStage(contestant: Contestant, session: Session, changes: Partial<Stage>): Promise<Stage> {
  const home = session.homes.get(contestant)?.path;
  if (home === undefined) throw new Error(`"${contestant.name}" has no home`);
  const stage: Stage = { ...session.stage, repository: `${repositoryRoot}/image`, home, ...changes };
  await rm(stage.outputFolder, { recursive: true, force: true });
  await mkdir(stage.outputFolder);
  return stage;
}

function formatEnvironment(contestant: Contestant, session: Session, stage: Stage): NodeJS.ProcessEnv {
  return {
    ...session.homes.get(contestant)?.env,
    AWS_ACCESS_KEY_ID: stage.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stage.secretAccessKey,
    AWS_REGION: session.store.region,
    AWS_ENDPOINT_URL_S3: `http://${stage.store}`,
  };
}

async function prepare(command: CommandLine, options: CommandOptions): Promise<void> {
  const { code, stderr } = await runCommand(command, options);
  if (code !== 0) throw new Error(`Cannot prepare a run: "${command.join(' ')}" ended with code ${code}: ${lastLines(stderr)}`);
}

async function readTimes(servers: readonly number[], link: LinkSide | undefined): Promise<{ busy: number; servers: number; link: number }> {
  const times = await Promise.all(servers.map(readProcessMs));
  const linkMs = link === undefined ? 0 : await readProcessMs(link.pid);
  return { busy: await readBusyMs(), servers: times.reduce((sum, time) => sum + time, 0), link: linkMs };
}
