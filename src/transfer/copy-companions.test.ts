import { expect, it } from 'vitest';
import { addImage, addIndex, createGraph, type Graph } from '../../test/images/build-image.ts';
import { createMemorySource } from '../../test/images/memory-source.ts';
import { createMemoryTarget } from '../../test/images/memory-target.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { parseManifest } from '../oci/manifest.ts';
import { parseRepositoryName, parseTag, type Tag } from '../oci/repository-name.ts';
import { openRepository, type Repository } from '../registry/repository.ts';
import { createBucketSource } from '../transports/bucket-source.ts';
import { createBucketTarget } from '../transports/bucket-target.ts';
import { copyCompanions } from './copy-companions.ts';
import { copyImage, type CopyOptions } from './copy-image.ts';

const openEmpty = (): Repository => openRepository(createMemoryBucket(), parseRepositoryName('team/app'));
const tagAbout = ({ digest }: Descriptor, kind: string): Tag => parseTag(`${digest.replace(':', '-')}.${kind}`);

/** An index of platforms, with what cosign tags: of the index, of its first image, of the signature, and of something that is not there. */
async function createSigned(platforms: readonly string[] = ['linux/amd64', 'linux/arm64']): Promise<{
  readonly source: Repository;
  readonly root: Descriptor;
  readonly tags: Readonly<Record<string, Tag>>;
}> {
  const source = openEmpty();
  const graph: Graph = createGraph();
  const put = async (image: Descriptor, tag: Tag): Promise<Descriptor> => {
    await copyImage(createMemorySource(graph, image), createBucketTarget(source, { tag, location: 'memory:source' }));
    return image;
  };
  const root = await put(await addIndex(graph, platforms), parseTag('1.0'));
  const index = parseManifest(graph.manifests.get(root.digest) ?? new Uint8Array(), root.mediaType);
  const [child] = index.kind === 'index' ? index.manifests : [];
  const addArtifact = (text: string): Promise<Descriptor> => addImage(graph, 'linux/amd64', [text]);
  const signature = await addArtifact('signature');
  const stranger = await addArtifact('a stranger');
  const tags = {
    signature: tagAbout(root, 'sig'),
    attestation: tagAbout(child ?? root, 'att'),
    ofSignature: tagAbout(signature, 'sig'),
    ofStranger: tagAbout(stranger, 'sbom'),
  };
  await put(signature, tags.signature);
  await put(await addArtifact('attestation'), tags.attestation);
  await put(await addArtifact('a signature of the signature'), tags.ofSignature);
  await put(await addArtifact('of a stranger'), tags.ofStranger);
  return { source, root, tags };
}

async function copyAll(
  source: Repository,
  options: CopyOptions = {},
): Promise<{ readonly target: Repository; readonly copied: readonly Tag[] }> {
  const target = openEmpty();
  const from = createBucketSource(source, { reference: parseTag('1.0'), location: 'memory:source' });
  const to = createBucketTarget(target, { tag: parseTag('1.0'), location: 'memory:target' });
  return { target, copied: await copyCompanions(from, to, await copyImage(from, to, options), options) };
}

it('copies what cosign tags of an image, of what it lists, and of those in turn, and nothing of others', async () => {
  const { source, tags } = await createSigned();
  const { target, copied } = await copyAll(source);
  const wanted = [tags['signature'], tags['attestation'], tags['ofSignature']];
  expect(new Set(copied)).toEqual(new Set(wanted));
  expect(new Set(await target.tags.list())).toEqual(new Set(['1.0', ...wanted]));
  for (const tag of copied) expect(await target.tags.digestOf(tag)).toBe(await source.tags.digestOf(tag));
});

it('copies of one platform what is tagged of its image alone', async () => {
  const { source, tags } = await createSigned();
  const { copied } = await copyAll(source, { platforms: [{ os: 'linux', architecture: 'amd64' }] });
  expect(copied).toEqual([tags['attestation']]);
});

it('copies of several platforms what is tagged of their images, and not what is about the whole index', async () => {
  const { source, tags } = await createSigned(['linux/amd64', 'linux/arm64', 'linux/s390x']);
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  expect((await copyAll(source, { platforms })).copied).toEqual([tags['attestation']]);
});

it('does nothing where a side has no tags', async () => {
  const { source, root } = await createSigned();
  const from = createBucketSource(source, { reference: parseTag('1.0'), location: 'memory:source' });
  const to = createMemoryTarget();
  expect(await copyCompanions(from, to, await copyImage(from, to))).toEqual([]);
  const { siblings: __, ...alone } = from;
  const target = createBucketTarget(openEmpty(), { location: 'memory:target' });
  expect((await copyImage(alone, target)).root.digest).toBe(root.digest);
  expect(await copyCompanions(alone, target, await copyImage(alone, target))).toEqual([]);
});
