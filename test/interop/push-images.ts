import type { Bucket } from '../../src/bucket/bucket.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { openRepository } from '../../src/registry/repository.ts';
import { copyImage } from '../../src/transfer/copy-image.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { createMemorySource } from '../images/memory-source.ts';
import { buildImages, IMAGE_NAMES } from './images.ts';
import type { Place, PlaceName } from './place.ts';

/** Pushes the images of one place into its bucket, by our own code, each under its name as the tag. `seed` tells the bytes of several buckets behind one kind of place apart. */
export async function pushImages(
  bucket: Bucket,
  name: PlaceName,
  seed: string = name,
): Promise<Pick<Place, 'name' | 'repository' | 'images'>> {
  const images = await buildImages(seed);
  const repositoryName = parseRepositoryName(`team/${name}`);
  const repository = openRepository(bucket, repositoryName);
  for (const image of IMAGE_NAMES.map((each) => images[each])) {
    const location = `${bucket.location}/${repositoryName}:${image.name}`;
    const target = createBucketTarget(repository, { tag: parseTag(image.name), location });
    await copyImage(createMemorySource(image.graph, image.root), target);
  }
  return { name, repository: repositoryName, images };
}
