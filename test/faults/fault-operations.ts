import type { Bucket } from '../../src/bucket/bucket.ts';
import type { ErrorCode } from '../../src/errors/codes.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { mediaTypes } from '../../src/oci/media-types.ts';
import { parseRepositoryName, parseTag } from '../../src/oci/repository-name.ts';
import { openRepository, type Repository } from '../../src/registry/repository.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import type { Clock } from '../../src/streams/clock.ts';
import { type CopyOptions, copyImage } from '../../src/transfer/copy-image.ts';
import type { ImageSource } from '../../src/transfer/image-source.ts';
import { createBucketSource } from '../../src/transports/bucket-source.ts';
import { createBucketTarget } from '../../src/transports/bucket-target.ts';
import { createLayoutTarget } from '../../src/transports/oci-layout.node.ts';
import { addBlob, addImage, addManifest, createGraph, type Graph } from '../images/build-image.ts';
import { createMemorySource } from '../images/memory-source.ts';
import type { FaultTarget } from '../s3-server/faults.ts';
import type { StoreName } from './fault-stage.ts';

/** Where one run of a command takes place. */
export interface World {
  readonly bucket: Bucket;
  readonly clock: Clock;
  /** An empty folder at first; kept from one run to the next. */
  readonly folder: string;
}

/** A command whose store requests are made to fail, one after the other. */
export interface FaultOperation {
  readonly name: string;
  /** What is there before; done once, undisturbed. */
  readonly prepare?: (world: World) => Promise<void>;
  /** What is not an object, and so must be made for each run anew: an upload that broke off, a folder with something in it. */
  readonly prepareEach?: (world: World) => Promise<void>;
  /** One run of the command, as one process does it. */
  readonly run: (world: World) => Promise<void>;
  /** Which requests fail in turn; all, if left out. */
  readonly matches?: (target: FaultTarget) => boolean;
  /** On which stores, where the others do not differ from them in this; on all, if left out. */
  readonly stores?: readonly StoreName[];
  /** A code with which the command may end when it is run again, since its work was done though it failed: it must still leave what an undisturbed run leaves. */
  readonly doneCode?: ErrorCode;
}

/** All that the table's commands push. */
export const graph: Graph = createGraph();
const small = await addImage(graph, 'linux/amd64', ['small']);
const old = await addImage(graph, 'linux/amd64', ['shared']);
/** What `push over a tag` and `pull` are about: two images, with the old one's layer. */
export const index: Descriptor = addManifest(graph, mediaTypes.imageIndex, {
  manifests: [
    { ...(await addImage(graph, 'linux/arm64', ['shared'])), platform: { os: 'linux', architecture: 'arm64' } },
    { ...(await addImage(graph, 'linux/s390x', ['shared'])), platform: { os: 'linux', architecture: 's390x' } },
  ],
});
addManifest(graph, mediaTypes.imageManifest, {
  artifactType: 'application/vnd.example.signature',
  config: addBlob(graph, mediaTypes.emptyJson, '{}'),
  layers: [addBlob(graph, 'application/vnd.example.signature', 'signed')],
  subject: index,
});

/** Two parts of 5 MiB and a small one, by the published function. */
const partBytes = 5 * 2 ** 20;
const largeBytes = Uint8Array.from({ length: 2 * partBytes + 1024 }, (_, position) => (position * 2_654_435_761) >>> 13);
const largeLayer = addBlob(graph, mediaTypes.layer, largeBytes);
const large = addManifest(graph, mediaTypes.imageManifest, {
  config: addBlob(graph, mediaTypes.imageConfig, '{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}'),
  layers: [largeLayer],
});
const largeKey = `v2/team/app/blobs/${largeLayer.digest}`;
const isAboutLarge = ({ key, operation }: FaultTarget): boolean => key === largeKey || operation === 'ListMultipartUploads';

export function repositoryOf({ bucket, clock }: Pick<World, 'bucket' | 'clock'>): Repository {
  return openRepository(bucket, parseRepositoryName('team/app'), { clock });
}

/** Pushes an image of the table's own. */
async function push(world: World, root: Descriptor, tag: string, options?: CopyOptions): Promise<void> {
  const target = createBucketTarget(repositoryOf(world), { tag: parseTag(tag), location: `s3://images/team/app:${tag}` });
  await copyImage(createMemorySource(graph, root), target, options);
}

async function pull(world: World, tag: string): Promise<void> {
  await copyImage(sourceOf(world, tag), createLayoutTarget({ path: world.folder, reference: tag }));
}

function sourceOf(world: World, tag: string): ImageSource {
  return createBucketSource(repositoryOf(world), { reference: parseTag(tag), location: `s3://images/team/app:${tag}` });
}

/** An upload of the large layer that broke off after its first part. */
async function leaveUpload({ bucket }: World): Promise<void> {
  const key = largeKey as Parameters<Bucket['head']>[0];
  const headers = { contentType: 'application/octet-stream', cacheControl: 'public, max-age=31536000, immutable, no-transform' };
  const upload = await bucket.multipart?.create(key, {
    ...headers,
    metadata: { 'docker-content-digest': largeLayer.digest },
    size: largeLayer.size,
    partSize: partBytes,
  });
  const first = largeBytes.subarray(0, partBytes);
  if (upload) await bucket.multipart?.putPart(upload, 1, bytesSource(first));
}

const pushOld: FaultOperation['run'] = async (world) => {
  await push(world, old, '1.0');
  await push(world, old, 'stays');
};

/** Stores that differ in what a multipart upload wants: conditions, and how its parts must be. */
const uploadStores: readonly StoreName[] = ['aws', 'r2', 'no-conditions', 'ignores-conditions'];

/** The commands of the table. A large layer's requests fail on their own, since each run of it costs as much as ten others. */
export const operations: readonly FaultOperation[] = [
  { name: 'push into an empty bucket', run: (world) => push(world, small, '1.0') },
  { name: 'push over a tag', prepare: pushOld, run: (world) => push(world, index, '1.0') },
  {
    name: 'push with a referrer',
    prepare: (world) => push(world, index, '1.0'),
    run: (world) => push(world, index, '1.0', { referrers: true }),
  },
  {
    name: 'push of a large layer',
    stores: uploadStores,
    prepare: pushOld,
    run: (world) => push(world, large, '1.0'),
    matches: isAboutLarge,
  },
  {
    name: 'push that goes on with an upload',
    // The other stores' uploads differ only in how they are completed, which the command above shows.
    stores: ['aws', 'r2'],
    prepare: pushOld,
    prepareEach: leaveUpload,
    run: (world) => push(world, large, '1.0'),
    matches: isAboutLarge,
  },
  {
    name: 'tag',
    prepare: (world) => push(world, index, '1.0'),
    async run(world) {
      const target = createBucketTarget(repositoryOf(world), {
        tag: parseTag('latest'),
        copiedTag: parseTag('1.0'),
        location: 's3://images/team/app:latest',
      });
      await copyImage(sourceOf(world, '1.0'), target);
    },
  },
  {
    name: 'rm of a tag',
    prepare: pushOld,
    run: (world) => repositoryOf(world).tags.delete([parseTag('1.0')]),
    doneCode: 'tag-missing',
  },
  {
    name: 'pull',
    prepare: (world) => push(world, index, '1.0'),
    prepareEach: ({ folder }) => layOut(folder),
    run: (world) => pull(world, '1.0'),
  },
  {
    name: 'pull of a large layer',
    stores: ['aws'],
    prepare: (world) => push(world, large, '1.0'),
    prepareEach: ({ folder }) => layOut(folder),
    run: (world) => pull(world, '1.0'),
    matches: isAboutLarge,
  },
];

/** Another image in the layout, which every pull must leave as it is. */
async function layOut(folder: string): Promise<void> {
  await copyImage(createMemorySource(graph, small), createLayoutTarget({ path: folder, reference: 'before' }));
}

/** An operation by its name. */
export function findOperation(name: string): FaultOperation {
  const found = operations.find((operation) => operation.name === name);
  if (!found) throw new Error(`There is no operation "${name}"`);
  return found;
}
