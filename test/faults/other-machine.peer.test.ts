import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { writeLargeLayout } from '../cli/image-layouts.ts';
import { openTestBucket } from '../cli/open-test-bucket.ts';
import { folderTest as test } from '../images/folder-test.ts';
import type { PersonalityName } from '../s3-server/personalities.ts';
import { startS3Server } from '../s3-server/server.ts';
import { findWrongObjects, readTags } from './stored-objects.ts';
import { countTraffic, startPush, type Traffic, waitUntil } from './watched-push.ts';

/** Nine parts of 5 MiB, the last of which is smaller. */
const layerBytes = 42 * 2 ** 20;
const partBytes = 5 * 2 ** 20;
const partCount = 9;

interface Story {
  readonly first: Traffic;
  readonly second: Traffic;
}

/** An image is pushed from one machine, which dies half-way, and then from another one, which has a copy of the same layout and nothing else. */
async function tellStory(folder: string, personality: PersonalityName, sameHome: boolean): Promise<Story> {
  const [here, elsewhere] = [join(folder, 'here'), join(folder, 'elsewhere')];
  await mkdir(here);
  await writeLargeLayout(here, 'image', layerBytes);
  await cp(here, elsewhere, { recursive: true });
  const server = await startS3Server({ personality, buckets: ['bucket'] });
  onTestFinished(() => server.close());
  const { environment } = openTestBucket({ ...server, ...server.credentials });

  const dying = await startPush(here, 's3://bucket/team/app:1.0', environment);
  await waitUntil('half of the parts are there', () => countTraffic(server).parts.length >= 4);
  dying.kill();
  expect((await dying.ended).code).toBe(137);
  expect(server.objects('bucket').filter(({ key }) => key.includes('/manifests/'))).toEqual([]);
  const first = countTraffic(server);

  const from = server.requests.length;
  const { code, output } = await (await startPush(sameHome ? here : elsewhere, 's3://bucket/team/app:1.0', environment)).ended;
  expect(code, output).toBe(0);
  const objects = server.objects('bucket');
  expect(findWrongObjects(objects)).toEqual([]);
  expect([...readTags(objects).keys()]).toEqual(['team/app:1.0']);
  expect(server.uploads('bucket')).toEqual([]);
  return { first, second: countTraffic(server, from) };
}

describe('a push that was stopped half-way on one machine', () => {
  test('is finished from another, which sends only the parts that are missing', { timeout: 240_000 }, async ({ folder }) => {
    const { first, second } = await tellStory(folder, 'aws', false);
    console.info(`stopped: ${describeTraffic(first)}; finished elsewhere: ${describeTraffic(second)}`);
    expect(first.parts.length).toBeGreaterThanOrEqual(4);
    expect([...first.parts, ...second.parts].toSorted((a, b) => a - b)).toEqual(Array.from({ length: partCount }, (_, index) => index + 1));
    expect(second.bytes).toBeLessThan(layerBytes - first.parts.length * partBytes + 100_000 + partBytes);
  });

  test(
    'where ETags tell nothing, is finished by the same one alone; by another it is sent whole',
    { timeout: 240_000 },
    async ({ folder }) => {
      await Promise.all(['same', 'other'].map((name) => mkdir(join(folder, name))));
      const same = await tellStory(join(folder, 'same'), 'opaque-etags', true);
      expect(new Set([...same.first.parts, ...same.second.parts]).size).toBe(partCount);
      // One part may have been answered, and not noted yet, when the kill came on each of the two connections
      expect(same.second.parts.length).toBeLessThanOrEqual(partCount - same.first.parts.length + 2);
      const other = await tellStory(join(folder, 'other'), 'opaque-etags', false);
      expect(other.second.parts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: partCount }, (_, index) => index + 1));
      console.info(`ETags that tell nothing: finished here: ${describeTraffic(same.second)}; elsewhere: ${describeTraffic(other.second)}`);
    },
  );
});

function describeTraffic({ requests, bytes, parts }: Traffic): string {
  return `${requests} requests, ${(bytes / 2 ** 20).toFixed(1)} MiB, parts ${parts.join(' ')}`;
}
