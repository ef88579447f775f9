import { describe, expect, test } from 'vitest';
import { createFailingBucket, failureModes } from '../../test/faults/failing-bucket.ts';
import { findBrokenReads } from '../../test/faults/reader-view.ts';
import { openSmallRepository, repositoryTarget } from '../../test/faults/repository-target.ts';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import { addBlob, addImage, addManifest, createGraph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { hasCode } from '../errors/coded-error.ts';
import { formatKey } from '../layout/keys.ts';
import { mediaTypes } from '../oci/media-types.ts';
import { parseTag } from '../oci/repository-name.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { copyImage } from '../transfer/copy-image.ts';

/** An image with two tags and a signature, in a bucket of its own. */
async function createSigned() {
  const clock = createVirtualClock();
  const bucket = createMemoryBucket({ clock });
  const graph = createGraph();
  const image = await addImage(graph, 'linux/amd64');
  const signature = addManifest(graph, mediaTypes.imageManifest, {
    config: addBlob(graph, mediaTypes.emptyJson, '{}'),
    layers: [],
    artifactType: 'application/vnd.example.signature',
    subject: image,
  });
  const repository = openSmallRepository(bucket, clock);
  for (const tag of ['v1', 'latest']) {
    await copyImage(createMemorySource(graph, image), repositoryTarget(repository, parseTag(tag)), { referrers: true });
  }
  return { clock, bucket, repository, image, signature };
}

test('a manifest that tags name is not deleted, and the tags are named', async () => {
  const { repository, image } = await createSigned();
  const refused = repository.deleteManifest(image.digest);
  await expect(refused).rejects.toMatchObject({ code: 'manifest-tagged', message: expect.stringContaining('"latest", "v1"') as unknown });
  expect(await repository.manifests.get(parseTag('v1'))).toBeDefined();
});

test('its tags go with it only if that is asked for', async () => {
  const { bucket, repository, image } = await createSigned();
  expect(await repository.deleteManifest(image.digest, { withTags: true })).toEqual(['latest', 'v1']);
  expect([await repository.tags.list(), await repository.manifests.has(image)]).toEqual([[], false]);
  expect(await findBrokenReads(bucket)).toEqual([]);
});

test('a tag that somebody else wrote, without a digest, counts too', async () => {
  const { bucket, repository, signature } = await createSigned();
  const { bytes } = (await repository.manifests.get(signature.digest))!;
  await bucket.put(formatKey({ kind: 'tag', name: repository.name, tag: parseTag('theirs') }), bytesSource(bytes));
  await expect(repository.deleteManifest(signature.digest)).rejects.toMatchObject({ code: 'manifest-tagged' });
});

test('a referrer that is deleted is no longer listed', async () => {
  const { repository, image, signature } = await createSigned();
  expect((await repository.referrers.list(image.digest))?.length).toBe(1);
  await repository.deleteManifest(signature.digest);
  expect(await repository.referrers.list(image.digest)).toEqual([]);
  expect(await repository.referrers.has(signature.digest)).toBe(false);
});

test('a manifest that is not there is named', async () => {
  const { repository, signature } = await createSigned();
  await repository.deleteManifest(signature.digest);
  await expect(repository.deleteManifest(signature.digest)).rejects.toMatchObject({ code: 'manifest-missing' });
});

describe('a deletion that fails at any call', () => {
  test.each(failureModes)('breaks no reader, and the same deletion again ends it (%s)', async (mode) => {
    for (let n = 1; ; n += 1) {
      const { clock, bucket: inner, image, signature } = await createSigned();
      const failing = createFailingBucket(inner, n, mode);
      const remove = async (bucket = inner): Promise<void> => {
        const repository = openSmallRepository(bucket, clock);
        try {
          await repository.deleteManifest(signature.digest);
        } catch (error) {
          if (!hasCode(error, 'manifest-missing')) throw error;
        }
        await repository.deleteManifest(image.digest, { withTags: true });
      };
      await remove(failing.bucket).catch((error: unknown) => expect(error).toMatchObject({ name: 'BucketError' }));
      const broken = await findBrokenReads(inner);
      // The list may still name a tag that is gone, until the same command, or any other, makes it again.
      expect(
        broken.filter((message) => !message.includes('lists "')),
        `after call ${n}`,
      ).toEqual([]);
      await remove().catch((error: unknown) => expect(error).toMatchObject({ code: 'manifest-missing' }));
      const repository = openSmallRepository(inner, clock);
      expect([await repository.manifests.has(image), await repository.manifests.has(signature)]).toEqual([false, false]);
      expect(await findBrokenReads(inner), `after call ${n} and another deletion`).toEqual([]);
      if (failing.calls() < n) break;
    }
  });
});
