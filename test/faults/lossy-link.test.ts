import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openTestBucket } from '../cli/open-test-bucket.ts';
import { folderTest as test } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { runWords } from './command-line.ts';
import { writeLayoutImage } from './kill-nine/kill-image.ts';
import { openLossyLink } from './lossy-link.ts';
import { findWrongObjects, readTags } from './stored-objects.ts';

/** A push that is small otherwise makes too few requests for one in ten to be sure to fall among them. */
const images = 3;

test.for([1, 2, 3])(
  'over a link that drops one request in ten, pushes and pulls of small and large layers end well (seed %i)',
  { timeout: 240_000 },
  async (seed, { folder }) => {
    const server = await startS3Server({ buckets: ['bucket'] });
    onTestFinished(() => server.close());
    const link = await openLossyLink({ endpoint: server.endpoint, share: 0.1, seed });
    onTestFinished(() => link.close());
    const { environment } = openTestBucket({ ...server, ...server.credentials, endpoint: link.endpoint });
    const run = async (...words: readonly string[]): Promise<void> => {
      const { exitCode, stderr } = await runWords(words, { ...environment, HOME: folder });
      expect(exitCode, stderr).toBe(0);
    };
    for (let index = 0; index < images; index += 1) {
      const image = await writeLayoutImage(join(folder, `image-${index}`));
      await run('push', image.source, `s3://bucket/team/app:${index}`);
      const objects = server.objects('bucket');
      expect(findWrongObjects(objects)).toEqual([]);
      expect(readTags(objects).get(`team/app:${index}`)).toBe(image.digest);

      const pulled = join(folder, `pulled-${index}`);
      await run('pull', `s3://bucket/team/app:${index}`, `oci:${pulled}`);
      expect(await listBlobs(pulled)).toEqual(await listBlobs(join(folder, `image-${index}`)));
    }
    // An upload whose creation was answered to nobody is the only thing that may stay
    expect(server.uploads('bucket').filter(({ partNumbers }) => partNumbers.length > 0)).toEqual([]);
    expect(link.dropped / link.requests).toBeGreaterThan(0.04);
    console.info(`seed ${seed}: ${link.dropped} of ${link.requests} requests dropped`);
  },
);

/** Names of a layout's blobs, each held against its bytes. */
async function listBlobs(layout: string): Promise<string[]> {
  const folder = join(layout, 'blobs', 'sha256');
  const names = (await readdir(folder)).toSorted();
  const digests = await Promise.all(
    names.map(async (name) =>
      createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex'),
    ),
  );
  expect(digests).toEqual(names);
  return names;
}
