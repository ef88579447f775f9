import { accessSync, constants } from 'node:fs';
import { createPeerHome } from '../test/peers/peer-home.ts';
import type { PeerHome } from '../test/peers/peer-home.ts';
import { explainMissing, findPeer, findProgram } from '../test/peers/peer-cache.ts';
import { lastLines, runCommand } from '../test/peers/run-command.ts';
import { createTemporaryFolder } from '../test/peers/temporary-folder.ts';
import type { TemporaryFolder } from '../test/peers/temporary-folder.ts';
import { buildPackage } from './build-package.ts';
import type { Contestant, Stage } from './contestants/contestant.ts';
import { makeImage } from '../src/bench/make-image.node.ts';
import type { LinkShape } from './link/open-link.ts';
import type { Scenario } from './scenarios.ts';
import { startRegistry } from './stores/start-registry.ts';
import type { BenchRegistry } from './stores/start-registry.ts';
import { pushBucket, startStore } from './stores/start-store.ts';
import type { BenchStore } from './stores/start-store.ts';

/** The link that this process is on the server's side of. */
export interface LinkSide {
  readonly shape: LinkShape;
  readonly serverAddress: string;
  readonly clientPrefix: readonly string[];
  readonly pid: number;
}

/** Everything that runs during a scenario. */
export interface Session {
  readonly store: BenchStore;
  readonly registry: BenchRegistry;
  readonly folder: string;
  readonly homes: ReadonlyMap<Contestant, PeerHome>;
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  /** What the contestants find, but for the repository and their home. */
  readonly stage: Omit<Stage, 'repository' | 'home'>;
  close(): Promise<void>;
}

/** Starts the servers, makes the image and a home for each contestant that can run here. */
export async function openSession(scenario: Scenario, link: LinkSide | undefined, signal: AbortSignal): Promise<Session> {
  settleTemporaryFolder();
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    const folder = await createTemporaryFolder('bench');
    closers.push(folder.remove);
    const address = link?.serverAddress ?? '127.0.0.1';
    const store = await startStore(signal);
    closers.push(store.close);
    const bucketry = await buildPackage(signal);
    await initBucket(bucketry, store, signal);
    const registry = await startRegistry(store, `${address}:${store.port}`, signal);
    closers.push(registry.close);
    const homes = new Map<Contestant, PeerHome>();
    const absent: { name: string; reason: string }[] = [];
    for (const contestant of new Set<Contestant>([...scenario.contestants, ...(scenario.filledBy ?? [])])) {
      const reason = explainAbsence(contestant);
      if (reason !== undefined) {
        absent.push({ name: contestant.name, reason });
        continue;
      }
      const home = await openHome(contestant);
      closers.push(home.remove);
      homes.set(contestant, home);
    }
    const stage = {
      ...(await prepareStage(scenario, folder, store)),
      registry: `${address}:${registry.port}`,
      store: `${address}:${store.port}`,
      bucketry,
    };
    return { store, registry, folder: folder.path, homes, absent, stage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openHome(contestant: Contestant): Promise<PeerHome> {
  const home = await createPeerHome('contestant');
  await contestant.prepare?.(home.path);
  return home;
}

/** As whoever uses a bucket does once. */
async function initBucket(bucketry: string, store: BenchStore, signal: AbortSignal): Promise<void> {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    AWS_REGION: store.region,
  };
  const { code, stderr } = await runCommand([process.execPath, bucketry, 'init', `s3://${pushBucket}?endpoint=${store.endpoint}`], {
    env,
    signal,
  });
  if (code !== 0) throw new Error(`Cannot make the bucket ready: ${lastLines(stderr)}`);
}

async function prepareStage(
  { image }: Scenario,
  folder: TemporaryFolder,
  store: BenchStore,
): Promise<Pick<Stage, 'bucket' | 'image' | 'outputFolder' | 'accessKeyId' | 'secretAccessKey'>> {
  return {
    bucket: pushBucket,
    image: await makeImage(`${folder.path}/image`, image),
    outputFolder: `${folder.path}/output`,
    accessKeyId: store.accessKeyId,
    secretAccessKey: store.secretAccessKey,
  };
}

function explainAbsence({ needs, programs = [] }: Contestant): string | undefined {
  const missing = needs.filter((name) => findPeer(name) === undefined);
  if (missing.length > 0) return explainMissing(missing);
  const program = programs.find((name) => findProgram(name) === undefined);
  return program === undefined ? undefined : `"${program}" is not on PATH`;
}

/** Images, stores and what is pulled lie in memory where they can, so that no disk is measured. */
function settleTemporaryFolder(): void {
  try {
    accessSync('/dev/shm', constants.W_OK);
    process.env['TMPDIR'] = '/dev/shm';
  } catch {
    // The system's own folder then.
  }
}
