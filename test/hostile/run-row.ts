import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { createMemoryBucket } from '../../src/bucket/memory/memory-bucket.ts';
import { CodedError } from '../../src/errors/coded-error.ts';
import { emptyReferrersIndex } from '../../src/layout/referrers-index.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { digestHex } from '../../src/streams/hasher.ts';
import { readAll } from '../../src/streams/read-all.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { createImage } from '../faults/bad-images.ts';
import { createMemorySource } from '../images/memory-source.ts';
import type { HostileRow, HostileStage } from './hostile-row.ts';

/** How a row ended. */
export interface Outcome {
  /** The error's code; of what is none of our errors all that is known. */
  readonly code: string;
  readonly message: string;
  /** Objects that went, changed, or came and are seen. */
  readonly changed: readonly string[];
  readonly cpuMs: number;
}

/** Runs a row on a stage of its own. */
export async function runRow(row: HostileRow): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'bucketry-hostile-'));
  try {
    const stage = await openStage(folder);
    await row.prepare?.(stage);
    const before = await readObjects(stage.bucket);
    const begun = process.cpuUsage();
    const ending = await endingOf(row.run(stage));
    const { user, system } = process.cpuUsage(begun);
    return { ...ending, changed: compare(before, await readObjects(stage.bucket)), cpuMs: (user + system) / 1000 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openStage(folder: string): Promise<HostileStage> {
  const bucket = createMemoryBucket();
  const target = createBucketTarget(openRepository(bucket, parseRepositoryName('team/app')), {
    tag: parseTag('1.0'),
    location: 'memory:/team/app:1.0',
  });
  const { graph, root } = await createImage('good');
  await copyImage(createMemorySource(graph, root), target);
  return { bucket, target, folder };
}

async function endingOf(running: Promise<unknown>): Promise<Pick<Outcome, 'code' | 'message'>> {
  try {
    await running;
    return { code: 'no error', message: '' };
  } catch (error) {
    if (error instanceof CodedError) return { code: error.code, message: error.message };
    return { code: `not coded: ${error instanceof Error ? error.stack : String(error)}`, message: '' };
  }
}

/** What a push that broke may leave, and no reader sees (docs/bucket-layout.md): blobs that nothing names, empty indexes of manifests that never came. */
function isHarmless(key: string, digest: string): boolean {
  return key.includes('/blobs/') || (key.includes('/referrers/') && digest === emptyIndexDigest);
}

const emptyIndexDigest = digestHex('sha256', emptyReferrersIndex);

/** The digest of each object's bytes, by key. */
async function readObjects(bucket: Bucket): Promise<ReadonlyMap<string, string>> {
  const objects = new Map<string, string>();
  for await (const entry of bucket.list()) {
    if (entry.kind !== 'object') continue;
    const content = await bucket.get(entry.key);
    objects.set(entry.key, content ? digestHex('sha256', await readAll(content.body, 2 ** 26, entry.key)) : 'missing');
  }
  return objects;
}

function compare(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  const lost = [...before].filter(([key, digest]) => after.get(key) !== digest);
  const came = [...after].filter(([key, digest]) => !before.has(key) && !isHarmless(key, digest));
  return [...lost, ...came].map(([key]) => key);
}
