import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTags } from '../stored-objects.ts';
import { type KillImage, writeArchiveImage, writeLayoutImage } from './kill-image.ts';
import { type KillPhase, type KillRound, runKillRound } from './kill-round.ts';
import type { KillStore } from './kill-store.ts';
import { type KillMoment, openPusher, type Pusher } from './push-process.ts';

/** What is pushed: a layout with a layer in parts, or an archive of uncompressed layers, which are packed. */
export const killSources = ['layout', 'archive'] as const;
export type KillSource = (typeof killSources)[number];

/** All rounds of one source against one store. */
export interface KillCell {
  readonly store: string;
  readonly source: KillSource;
  readonly rounds: readonly KillRound[];
}

/** What all rounds left in one bucket, and what `rm --uploads` made of it. */
export interface CleanedBuckets {
  readonly uploads: number;
  readonly staged: number;
  /** What stayed, and nobody can find: an upload that was begun in the very moment of a kill. */
  readonly orphans: number;
  readonly violations: readonly string[];
}

export interface KillRunOptions {
  /** A new bucket, empty. */
  readonly openStore: (folder: string, number: number) => Promise<KillStore>;
  /** Whether the store tells all its unfinished uploads, so that none may be left in the end. */
  readonly tellsUploads: boolean;
  readonly kills: number;
  readonly folder: string;
  readonly seed: number;
}

export interface KillRun extends CleanedBuckets {
  readonly cells: readonly KillCell[];
}

/** What a push writes after its layers, and a little more. */
const tailBytes = 60_000;
/** How long that takes at most. */
const longestTailMs = 300;
/** Images that one bucket takes before it is cleaned, looked at and left. */
const imagesPerBucket = 3;

/** Kills pushes at random moments, as often as asked, and sums up. */
export async function runKills({ openStore, tellsUploads, kills, folder, seed }: KillRunOptions): Promise<KillRun> {
  const random = createRandom(seed);
  const rounds: Record<KillSource, KillRound[]> = { layout: [], archive: [] };
  const cleaned: CleanedBuckets[] = [];
  let name = '';
  let done = 0;
  let undisturbed: Record<KillSource, KillMoment> | undefined;
  for (let number = 0; done < kills; number += 1) {
    const home = join(folder, `home-${number}`);
    await mkdir(home, { recursive: true });
    const store = await openStore(home, number);
    name = store.name;
    const pusher = openPusher(store, home);
    undisturbed ??= await measurePush(pusher, home);
    let tagsBefore = readTags(await store.readObjects());
    for (let index = 0; index < imagesPerBucket && done < kills; index += 1) {
      // Two of three are layouts: they have more to go on with
      const source = killSources[(number * imagesPerBucket + index) % 3 === 2 ? 1 : 0] ?? 'layout';
      const image = await writeImage(source, join(home, `image-${index}`));
      const whole = undisturbed[source];
      const moments = Array.from({ length: 1 + Math.floor(random() * 3) }, () => chooseMoment(whole, random));
      const round = await runKillRound({ store, pusher, image, tag: `r${index}`, tagsBefore, moments, folder: home });
      tagsBefore = round.tags;
      rounds[source].push(round);
      done += round.phases.length;
    }
    cleaned.push(await cleanBucket(store, pusher, tellsUploads));
    await store.clear();
    await rm(home, { recursive: true, force: true });
  }
  const sum = (count: (bucket: CleanedBuckets) => number): number => cleaned.reduce((total, bucket) => total + count(bucket), 0);
  return {
    cells: killSources.map((source) => ({ store: name, source, rounds: rounds[source] })),
    uploads: sum(({ uploads }) => uploads),
    staged: sum(({ staged }) => staged),
    orphans: sum(({ orphans }) => orphans),
    violations: cleaned.flatMap(({ violations }) => violations),
  };
}

async function writeImage(source: KillSource, path: string): Promise<KillImage> {
  return source === 'layout' ? writeLayoutImage(path) : writeArchiveImage(`${path}.tar`);
}

/** Mostly while the layers are on their way, which is nearly all that is written; else near the end, where manifests and tags are. */
function chooseMoment({ bytes, afterMs }: KillMoment, random: () => number): KillMoment {
  const [isTail, share, laterShare] = [random() < 0.3, random(), random()];
  const moment = isTail ? { bytes: bytes - tailBytes, thenMs: longestTailMs * share } : { bytes: bytes * share, thenMs: 0 };
  return { ...moment, afterMs: afterMs * (0.2 + 0.85 * laterShare) };
}

/** The end of a push that nothing disturbs, by what is pushed. */
async function measurePush(pusher: Pusher, home: string): Promise<Record<KillSource, KillMoment>> {
  const measure = async (source: KillSource): Promise<KillMoment> => {
    const image = await writeImage(source, join(home, `first-${source}`));
    const startMs = performance.now();
    const { code, stderr, writtenBytes = 0 } = await pusher.push(image.source, `team/app:first-${source}`);
    if (code !== 0) throw new Error(`an undisturbed push ended with ${code}: ${stderr}`);
    return { bytes: writtenBytes, thenMs: 0, afterMs: performance.now() - startMs };
  };
  return { layout: await measure('layout'), archive: await measure('archive') };
}

async function cleanBucket(store: KillStore, pusher: Pusher, tellsUploads: boolean): Promise<CleanedBuckets> {
  // Older than what stores round to
  await sleep(1100);
  const removed = await pusher.clean();
  const left = (await store.readLeftovers()).filter((name) => !name.startsWith('locks/'));
  return {
    ...removed,
    orphans: tellsUploads ? 0 : left.length,
    violations: tellsUploads ? left.map((name) => `${name} is left in the end`) : [],
  };
}

/** Numbers from 0 to 1 that a seed repeats. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Kills by how far the push had come. */
export function countPhases({ rounds }: KillCell): ReadonlyMap<KillPhase, number> {
  const counts = new Map<KillPhase, number>();
  for (const phase of rounds.flatMap(({ phases }) => phases)) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return counts;
}
