import { join } from 'node:path';
import { readTags, type StoredObject } from '../stored-objects.ts';
import { checkReaders, checkUnpacked, verifyBucket } from './check-bucket.ts';
import type { KillImage } from './kill-image.ts';
import type { KillStore } from './kill-store.ts';
import type { KillMoment, Pusher } from './push-process.ts';

/** How far a push had come when it was killed, as the store shows it. */
export const killPhases = ['before the first part', 'with parts acknowledged', 'with the large layer there', 'with the tag there'] as const;
export type KillPhase = (typeof killPhases)[number];

export interface KillRound {
  readonly phases: readonly KillPhase[];
  /** Of the last push: bytes of blobs that were not there, those of their parts that were acknowledged, and what the process wrote. */
  readonly missingBytes: number;
  readonly keptBytes: number;
  readonly writtenBytes: number | undefined;
  /** The tags of the bucket in the end. */
  readonly tags: ReadonlyMap<string, string>;
  readonly violations: readonly string[];
}

export interface KillRoundOptions {
  readonly store: KillStore;
  readonly pusher: Pusher;
  readonly image: KillImage;
  readonly tag: string;
  /** The tags of the bucket, with what they name. */
  readonly tagsBefore: ReadonlyMap<string, string>;
  /** When to kill, once or more often. */
  readonly moments: readonly KillMoment[];
  readonly folder: string;
}

const repository = 'team/app';
/** Requests, manifests and lists beside the blobs; less than one part. */
const overheadBytes = 2 * 2 ** 20;
const partBytes = 5 * 2 ** 20;

/** Pushes one image, kills it, looks at what is there, and pushes it again to the end. */
export async function runKillRound({ store, pusher, image, tag, tagsBefore, moments, folder }: KillRoundOptions): Promise<KillRound> {
  const reference = `${repository}:${tag}`;
  const violations: string[] = [];
  const phases: KillPhase[] = [];
  let objects: readonly StoredObject[] = [];
  for (const moment of moments) {
    const isKilled = await pusher.pushAndKill(image.source, reference, moment);
    objects = await store.readObjects();
    if (isKilled) phases.push(await findPhase(store, image, objects, reference));
    violations.push(...checkReaders(objects, tagsBefore).map((problem) => `after the kill: ${problem}`));
  }
  const missing = findMissing(image, objects);
  const missingBytes = [...missing.values()].reduce((sum, size) => sum + size, 0);
  const keptBytes = image.largest !== undefined && missing.has(image.largest) ? await countKept(store, image.largest) : 0;

  const { code, stderr, writtenBytes } = await pusher.push(image.source, reference);
  if (code !== 0) violations.push(`the same command again ended with ${code}: ${stderr}`);
  objects = await store.readObjects();
  violations.push(...checkReaders(objects, tagsBefore), ...checkUnpacked(objects, repository, tag));
  violations.push(...(await verifyBucket(objects, join(folder, 'dump'))).map((problem) => `at the end: ${problem}`));
  if (image.digest !== undefined && readTags(objects).get(reference) !== image.digest)
    violations.push(`${reference} is not what was pushed`);
  const riskedBytes = store.partsAtRisk * moments.length * partBytes;
  violations.push(...(await checkResumed(store, image, { keptBytes, riskedBytes, missingBytes, writtenBytes, stderr })));
  return { phases, missingBytes, keptBytes, writtenBytes, tags: readTags(objects), violations };
}

interface Resumption {
  readonly keptBytes: number;
  /** Of these, so many need not be known any more. */
  readonly riskedBytes: number;
  readonly missingBytes: number;
  readonly writtenBytes: number | undefined;
  readonly stderr: string;
}

/** Whether the parts that were acknowledged were kept, by what was sent and by what is left of the upload they were in. */
async function checkResumed(
  store: KillStore,
  image: KillImage,
  { keptBytes, riskedBytes, missingBytes, writtenBytes, stderr }: Resumption,
): Promise<string[]> {
  const { largest } = image;
  if (largest === undefined) return [];
  const left = (await store.readUploads(keyOf(largest))).filter((parts) => parts.length > 0);
  const problems = left.length === 0 ? [] : [`${left.length} uploads with parts are left: another one was begun`];
  const said = Number(/of which ([\d.]+) MiB were there already/.exec(stderr)?.[1] ?? 0);
  const [mostMib, leastMib] = [keptBytes / 2 ** 20 + 0.06, (keptBytes - riskedBytes) / 2 ** 20 - 0.06];
  if (said > mostMib || said < leastMib) problems.push(`says that ${said} MiB were kept, of ${keptBytes} acknowledged bytes`);
  // A directory also copies, where a part had been begun and not ended
  const mostBytes =
    missingBytes - keptBytes + riskedBytes + overheadBytes + (store.name === 'directory' ? (image.blobs.get(largest) ?? 0) : 0);
  if (writtenBytes !== undefined && writtenBytes > mostBytes)
    problems.push(`wrote ${writtenBytes} bytes, of ${missingBytes - keptBytes} that were missing`);
  return problems;
}

async function findPhase(store: KillStore, image: KillImage, objects: readonly StoredObject[], reference: string): Promise<KillPhase> {
  if (readTags(objects).has(reference)) return 'with the tag there';
  const { largest } = image;
  if (largest === undefined) return (await store.readLeftovers()).length > 0 ? 'with parts acknowledged' : 'before the first part';
  if (!findMissing(image, objects).has(largest)) return 'with the large layer there';
  return (await countKept(store, largest)) > 0 ? 'with parts acknowledged' : 'before the first part';
}

function findMissing({ blobs }: KillImage, objects: readonly StoredObject[]): ReadonlyMap<string, number> {
  const keys = new Set(objects.map(({ key }) => key));
  return new Map([...blobs].filter(([digest]) => !keys.has(keyOf(digest))));
}

/** Bytes of the upload that has most parts. */
async function countKept(store: KillStore, digest: string): Promise<number> {
  const uploads = await store.readUploads(keyOf(digest));
  return Math.max(0, ...uploads.map((parts) => parts.reduce((sum, { size }) => sum + size, 0)));
}

function keyOf(digest: string): string {
  return `v2/${repository}/blobs/${digest}`;
}
