import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { openDirectoryBucket } from '../../src/bucket/directory/directory-bucket.node.ts';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { listKeys, readText, textSource } from './bucket-contract-harness.ts';

const program = fileURLToPath(new URL('directory-writer.ts', import.meta.url));
const writers = 8;
const timeoutMs = 120_000;

let root: string;
let bucket: Bucket;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bucketry-processes-'));
  bucket = await openDirectoryBucket({ root });
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await rm(root, { recursive: true, force: true });
});

it('loses no update of eight processes that compare and swap one object', { timeout: timeoutMs }, async () => {
  const key = toObjectKey('v2/counter');
  await bucket.put(key, textSource('0'));
  await Promise.all(Array.from({ length: writers }, () => finish(start('increment', key, '10'))));
  expect(await readText(bucket, key)).toBe(String(writers * 10));
});

it('lets exactly one of eight processes create each object', { timeout: timeoutMs }, async () => {
  const outputs = await Promise.all(Array.from({ length: writers }, () => finish(start('create', 'v2/created', '20'))));
  const won = outputs.flatMap((output) => JSON.parse(output) as number[]);
  expect(won.toSorted((left, right) => left - right)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  expect(await listKeys(bucket, { prefix: 'v2/created/' })).toHaveLength(20);
});

it('shows only whole versions, each with its own headers, while writers are killed', { timeout: timeoutMs }, async () => {
  const key = toObjectKey('v2/app/manifests/latest');
  for (let round = 0; round < 8; round++) {
    const child = start('rewrite', key);
    await once(child.stdout!, 'data');
    const until = performance.now() + 30 + round * 17;
    while (performance.now() < until) await expectWhole(bucket, key);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await expectWhole(bucket, key);
    const reopened = await openDirectoryBucket({ root });
    await expectWhole(reopened, key);
    await expectLinksAreOfTheVersion(key);
    await reopened.put(key, textSource('after'), { contentType: 'text/odd', metadata: { text: 'after' } });
    await expectLinksAreOfTheVersion(key);
  }
});

async function expectWhole(from: Bucket, key: ReturnType<typeof toObjectKey>): Promise<void> {
  const content = await from.get(key);
  const bytes = Buffer.concat(await Array.fromAsync(content!.body)).toString();
  expect(content!.metadata).toEqual({ text: bytes });
  expect(content!.contentType).toBe(bytes.length % 2 ? 'text/odd' : 'text/even');
}

/** What a file server finds is what a reader finds, under the right type, and under no other. */
async function expectLinksAreOfTheVersion(key: ReturnType<typeof toObjectKey>): Promise<void> {
  const types = join(root, '.directory-bucket/types/text');
  const found: Record<string, string> = {};
  for (const type of await readdir(types)) found[`text/${type}`] = await readFile(join(types, type, key), 'utf8');
  const info = await bucket.head(key);
  expect(found).toEqual({ [info?.contentType ?? '']: await readText(bucket, key) });
}

function start(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, root, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  return child;
}

async function finish(child: ChildProcess): Promise<string> {
  const [output, errors, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'exit')]);
  expect([code, errors]).toEqual([0, '']);
  return output;
}
