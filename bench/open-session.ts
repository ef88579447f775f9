import { accessSync, constants } from 'node:fs';
import { explainMissing, findPeer, findProgram } from '../test/peers/peer-cache.ts';
import { createPeerHome } from '../test/peers/peer-home.ts';
import type { PeerHome } from '../test/peers/peer-home.ts';
import type { PeerName } from '../test/peers/peers.ts';
import { createTemporaryFolder } from '../test/peers/temporary-folder.ts';
import { buildPackage } from './build-package.ts';
import type { Contestant, Stage } from './contestants/contestant.ts';
import type { LinkShape } from './link/open-link.ts';
import { makeMaterial } from './materials/make-material.ts';
import type { Scenario } from './scenario.ts';
import type { BenchStore } from './stores/bench-store.ts';
import { initBucket } from './stores/init-bucket.ts';
import { startLoadedDocker } from './stores/start-docker.ts';
import type { BenchDocker } from './stores/start-docker.ts';
import { startRegistry } from './stores/start-registry.ts';
import type { BenchRegistry } from './stores/start-registry.ts';
import { startSink } from './stores/start-sink.ts';
import { pushBucket, startStore } from './stores/start-store.ts';

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
  /** Where a contestant needs it. */
  readonly registry: BenchRegistry | undefined;
  /** Where a contestant needs it. */
  readonly docker: BenchDocker | undefined;
  readonly folder: string;
  readonly homes: ReadonlyMap<Contestant, PeerHome>;
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
  /** What the contestants find, but for the repository and their home. */
  readonly stage: Omit<Stage, 'repository' | 'home'>;
  close(): Promise<void>;
}

type Keep = <T extends { close(): Promise<void> }>(opened: T) => T;

/** Starts what the contestants that can run here need, makes what they move, and a home for each. */
export async function openSession(scenario: Scenario, link: LinkSide | undefined, signal: AbortSignal): Promise<Session> {
  settleTemporaryFolder();
  const closers: (() => Promise<void>)[] = [];
  const keep: Keep = (opened) => {
    closers.push(() => opened.close());
    return opened;
  };
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
  };
  try {
    const folder = await createTemporaryFolder('bench');
    closers.push(folder.remove);
    const built = await buildPackage();
    const { homes, absent } = await openHomes(scenario, keep);
    const isNeeded = (name: PeerName): boolean => [...homes.keys()].some(({ needs }) => needs.includes(name));
    const address = link?.serverAddress ?? '127.0.0.1';
    const store = keep(await (scenario.store === 'sink' ? startSink(signal) : startStore(signal)));
    if (scenario.store === 'minio') await initBucket(built.bucketry, store, signal);
    const registry = isNeeded('distribution') ? keep(await startRegistry(store, `${address}:${store.port}`, signal)) : undefined;
    const image = await makeMaterial(`${folder.path}/image`, scenario.image, signal);
    const docker = isNeeded('dockerd') ? keep(await startLoadedDocker(link?.clientPrefix ?? [], image, folder.path, signal)) : undefined;
    const stage = {
      store: `${address}:${store.port}`,
      registry: `${address}:${registry?.port}`,
      bucket: pushBucket,
      image,
      outputFolder: `${folder.path}/output`,
      built,
      dockerSocket: docker?.socket ?? '',
      accessKeyId: store.accessKeyId,
      secretAccessKey: store.secretAccessKey,
    };
    return { store, registry, docker, folder: folder.path, homes, absent, stage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openHomes({ contestants, filledBy = [] }: Scenario, keep: Keep): Promise<Pick<Session, 'homes' | 'absent'>> {
  const homes = new Map<Contestant, PeerHome>();
  const absent: { name: string; reason: string }[] = [];
  for (const contestant of new Set<Contestant>([...contestants, ...filledBy])) {
    const reason = explainAbsence(contestant);
    if (reason === undefined) {
      const home = await createPeerHome('contestant');
      keep({ close: home.remove });
      await contestant.prepare?.(home.path);
      homes.set(contestant, home);
    } else {
      absent.push({ name: contestant.name, reason });
    }
  }
  return { homes, absent };
}

function explainAbsence({ needs, programs = [] }: Contestant): string | undefined {
  const missing = needs.filter((name) => findPeer(name) === undefined);
  if (missing.length > 0) return explainMissing(missing);
  const program = programs.find((name) => findProgram(name) === undefined);
  return program === undefined ? undefined : `needs "${program}", which is not on PATH`;
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
