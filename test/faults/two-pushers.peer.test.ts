import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { writeLargeLayout } from '../cli/image-layouts.ts';
import { openTestBucket } from '../cli/open-test-bucket.ts';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { folderTest as test } from '../images/folder-test.ts';
import { type S3TestServer, startS3Server } from '../s3-server/server.ts';
import { openDirectoryStore } from './kill-nine/directory-store.ts';
import { findWrongObjects, readTags } from './stored-objects.ts';
import { countTraffic, startPush, waitUntil, type WatchedPush } from './watched-push.ts';

/*
 * Two pushers of one layer at once, as processes that know nothing of each other. (The same in one process, with every order of events that matters: src/registry/blobs.test.ts.)
 */

const partBytes = 5 * 2 ** 20;
/** Six parts of 5 MiB, the last of which is smaller. */
const layerBytes = 27 * 2 ** 20;
const timeout = 240_000;
const target = 's3://bucket/team/app:1.0';

/** Two machines with a copy of one layout. @returns their folders */
async function prepareMachines(folder: string): Promise<readonly [string, string]> {
  const [one, two] = [join(folder, 'one'), join(folder, 'two')];
  await mkdir(one);
  await writeLargeLayout(one, 'image', layerBytes);
  await cp(one, two, { recursive: true });
  return [one, two];
}

async function startStore(): Promise<{ readonly server: S3TestServer; readonly push: (machine: string) => Promise<WatchedPush> }> {
  const server = await startS3Server({ buckets: ['bucket'] });
  onTestFinished(() => server.close());
  const { environment } = openTestBucket({ ...server, ...server.credentials });
  return { server, push: (machine) => startPush(machine, target, environment) };
}

async function expectDone(push: WatchedPush): Promise<void> {
  const { code, output } = await push.ended;
  expect(code, output).toBe(0);
}

function expectWhole(server: S3TestServer): void {
  const objects = server.objects('bucket');
  expect(findWrongObjects(objects)).toEqual([]);
  expect([...readTags(objects).keys()]).toEqual(['team/app:1.0']);
}

describe('two processes that push one layer at once', () => {
  test('both end well, and leave one blob and no upload', { timeout }, async ({ folder }) => {
    const machines = await prepareMachines(folder);
    const { server, push } = await startStore();
    const pushes = await Promise.all(machines.map(push));
    for (const one of pushes) await expectDone(one);
    expectWhole(server);
    expect(server.uploads('bucket').filter(({ partNumbers }) => partNumbers.length > 0)).toEqual([]);
  });

  test('into one directory both end well, too', { timeout }, async ({ folder }) => {
    const machines = await prepareMachines(folder);
    const store = openDirectoryStore(folder);
    const pushes = await Promise.all(machines.map((machine) => startPush(machine, `${store.place}//team/app:1.0`, {})));
    for (const one of pushes) await expectDone(one);
    const objects = await store.readObjects();
    expect(findWrongObjects(objects)).toEqual([]);
    expect([...readTags(objects).keys()]).toEqual(['team/app:1.0']);
    expect((await store.readLeftovers()).filter((name) => !name.startsWith('locks/'))).toEqual([]);
  });
});

describe('of two processes that share an upload', () => {
  test.for([
    ['the one that began it is killed', 'first'],
    ['the one that goes on with it is killed', 'second'],
  ] as const)('%s: the other ends well', { timeout }, async ([, victim], { folder }) => {
    const [one, two] = await prepareMachines(folder);
    const { server, push } = await startStore();
    const first = await push(one);
    await waitUntil('a part is there', () => countTraffic(server).parts.length >= 1);
    first.pause();
    const from = server.requests.length;
    const second = await push(two);
    await waitUntil('the second has sent a part, too', () => countTraffic(server, from).parts.length >= 1);
    if (victim === 'second') second.kill();
    else first.kill();
    first.goOn();
    await expectDone(victim === 'second' ? first : second);
    await (victim === 'second' ? second : first).ended;
    expectWhole(server);
    const ids = new Set(server.requests.filter(({ operation }) => operation === 'UploadPart').map(({ query }) => query['uploadId']));
    expect(ids.size).toBe(1);
    expect(server.uploads('bucket')).toEqual([]);
  });
});

test('an upload that holds other bytes in one of its parts is gone on with, that part sent again', { timeout }, async ({ folder }) => {
  const [machine] = await prepareMachines(folder);
  const { server, push } = await startStore();
  const { bucket } = openTestBucket({ ...server, ...server.credentials });
  onTestFinished(() => bucket.close());
  const layer = await readLayer(machine);
  const key = toObjectKey(`v2/team/app/blobs/sha256:${layer.encoded}`);
  const upload = await bucket.multipart!.create(key, { contentType: 'application/octet-stream', size: layerBytes, partSize: partBytes });
  const part = (number: number): Uint8Array => layer.bytes.subarray((number - 1) * partBytes, number * partBytes);
  await bucket.multipart!.putPart(upload, 1, bytesSource(part(1)));
  await bucket.multipart!.putPart(upload, 2, bytesSource(part(1)));
  await bucket.multipart!.putPart(upload, 3, bytesSource(part(3)));
  const from = server.requests.length;
  await expectDone(await push(machine));
  expect(countTraffic(server, from).parts.toSorted((a, b) => a - b)).toEqual([2, 4, 5, 6]);
  expect(
    server
      .objects('bucket')
      .find((object) => object.key === key)
      ?.bytes.equals(layer.bytes),
  ).toBe(true);
});

async function readLayer(machine: string): Promise<{ readonly encoded: string; readonly bytes: Buffer }> {
  const folder = join(machine, 'image', 'blobs', 'sha256');
  for (const encoded of await readdir(folder)) {
    const bytes = await readFile(join(folder, encoded));
    if (bytes.length === layerBytes) return { encoded, bytes };
  }
  throw new Error('there is no layer');
}
