import type { Bucket } from '../../bucket/bucket.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import { formatKey } from '../../layout/keys.ts';
import { formatRegistryReference } from '../../oci/reference.ts';
import type { RepositoryName, Tag } from '../../oci/repository-name.ts';
import type { FirstLook } from '../../registry/push-outlook.ts';
import type { ConnectionOptions } from '../../runtime/connection-options.ts';
import { openRepository } from '../../registry/repository.ts';
import { openWritableBucket } from '../../runtime/open-bucket.node.ts';
import { openUploadJournal } from '../../runtime/open-upload-journal.node.ts';
import { openSource } from '../../runtime/open-source.node.ts';
import { resolveBucketPlace, resolvePlace, type ResolvedBucketPlace, type ResolvedPlace } from '../../runtime/resolve-place.node.ts';
import { resolveS3Settings } from '../../runtime/aws-profile.node.ts';
import type { ImageSource } from '../../transfer/image-source.ts';
import type { ImageTarget } from '../../transfer/image-target.ts';
import { createBucketTarget } from '../../transports/bucket-target.ts';
import { copyBlobsFrom } from '../../transports/copied-blobs.ts';
import { formatPlace, parsePlace, type Place } from '../../transports/place.ts';
import { type Command, type CommandContext, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import type { Environment } from '../environment.ts';
import { formatBytes, formatCount, formatDuration } from '../output/format-quantity.ts';
import { createFlaggedPacker, packingFlags } from '../packing-flags.ts';
import { findPullLine, type PullAddress } from '../pull-line.ts';
import { type CopyChoices, runCopy, writeDigestFile } from '../run-copy.node.ts';
import { bucketFlag, copyFlags } from '../shared-flags.ts';
import { createFlaggedEngine, parsePartSize, partSizeFlag, transferFlags } from '../transfer-flags.ts';

/** The JSON result of `bucketry push`. */
export interface PushResult {
  readonly source: string;
  readonly target: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly blobsSent: number;
  readonly bytesSent: number;
  readonly blobsSkipped: number;
  readonly durationMs: number;
  readonly pullCommand: string;
  readonly serveCommand?: string | undefined;
}

const resultDoc: ResultDoc<PushResult> = {
  source: 'Where the image came from.',
  target: 'Where it lies now.',
  digest: 'Digest of the manifest or index that the tag names.',
  mediaType: 'Its media type.',
  blobsSent: 'Configs and layers that were sent.',
  bytesSent: 'Their bytes.',
  blobsSkipped: 'Those that were there already.',
  durationMs: 'How long it took, in milliseconds.',
  pullCommand: 'The line that pulls it.',
  serveCommand: 'What must run for that line, where the bucket has no address that clients can read.',
};

export const push: Command = defineCommand({
  name: 'push',
  doc: [
    'Copies an image into a bucket, or a registry, and prints the line that pulls it from there. Layers go up side by side, large ones in parallel parts, and uncompressed ones of an archive are compressed on the way; what the bucket has already is skipped. Nothing is visible under the tag before all of it is there.',
    'A bucket without `bucketry init` is made ready on the way. Stop it at any time: the same command goes on where it was stopped.',
  ],
  arguments: {
    source: {
      value: 'SOURCE',
      doc: 'Where the image is: `oci:DIR`, `docker-archive:FILE`, `docker-daemon:NAME:TAG`, `docker://HOST/NAME:TAG`, … With `-` as FILE an archive comes on standard input.',
      required: true,
    },
    dest: {
      value: 'DEST',
      doc: 'Where it goes: `s3://BUCKET/NAME:TAG`, `file:DIR//NAME:TAG`, or `NAME:TAG` in the default bucket; or `docker://HOST/NAME:TAG`, a registry.',
      required: true,
    },
  },
  flags: { ...copyFlags, ...packingFlags, ...transferFlags, ...connectionFlags, 'part-size': partSizeFlag, bucket: bucketFlag },
  examples: [
    'bucketry push oci:./image s3://my-bucket/team/app:1.0',
    'bucketry push docker-daemon:app:1.0 s3://my-bucket/team/app:1.0',
    'docker save app:1.0 | bucketry push docker-archive:- s3://my-bucket/team/app:1.0',
    'docker save app:1.0 -o app.tar && bucketry push docker-archive:app.tar file:./bucket//team/app:1.0',
    'bucketry push docker://alpine:3.20 alpine:3.20 --platform linux/amd64,linux/arm64',
  ],
  result: resultDoc,
  run: async ({ args, flags }, context) => {
    const { environment, signal, output } = context;
    const options = { bucket: flags.bucket, environment };
    const connection = readConnectionFlags(flags, context);
    const dest = parsePlace(args.dest);
    const place = dest.kind === 'docker' ? undefined : requireTag(await resolveBucketPlace(args.dest, options));
    const engine = createFlaggedEngine(flags);
    const packer = await createFlaggedPacker(flags);
    const choices: CopyChoices = { ...flags, packer, manner: 'send', countConnections: () => engine.connections.inUse };
    const repositoryOptions = { ...engine, partSizeBytes: parsePartSize(flags['part-size']) };
    const from = await resolvePlace(args.source, options);
    const registry = dest.kind === 'docker' ? requireRegistryTag(dest) : undefined;
    const source = await openSource(from, { ...connection, signal, engine });
    const finish = async (result: PushResult): Promise<void> => {
      await writeDigestFile(flags['digest-file'], result.digest);
      output.result(result, formatPush(result));
    };
    try {
      if (registry) await finish(await pushToRegistry(source, registry, choices, connection, context));
      if (!place) return;
      const look = (unformatted: Bucket): Promise<FirstLook> =>
        openRepository(unformatted, place.repository, repositoryOptions).lookBeforePush(place.tag, { signal });
      const { bucket, format, looked } = await openWritableBucket(place.address, { ...connection, signal, engine }, look);
      try {
        const journal = await openUploadJournal(place.address, bucket.location, environment);
        const repository = openRepository(bucket, place.repository, { ...repositoryOptions, journal });
        const read = { format: format ?? ('none' as const), firstLook: looked };
        const written = createBucketTarget(repository, { tag: place.tag, ...read, location: formatPlace(place) });
        const neighbour = findNeighbour(from, place);
        const target = neighbour === undefined ? written : copyBlobsFrom(neighbour, written, repository);
        const pushed = await pushImage(source, target, choices, context);
        await finish({ ...pushed, ...(await findLines({ ...place, bucket, publicUrl: format?.publicUrl }, environment)) });
      } finally {
        await bucket.close();
      }
    } finally {
      await source.close();
    }
  },
});

type PulledBy = Pick<PushResult, 'pullCommand' | 'serveCommand'>;

async function pushImage(
  source: ImageSource,
  target: ImageTarget,
  choices: CopyChoices,
  context: CommandContext,
): Promise<Omit<PushResult, keyof PulledBy>> {
  const startedAtMs = performance.now();
  const { root, summary } = await runCopy(source, target, choices, context);
  return {
    source: source.location,
    target: target.location,
    digest: root.digest,
    mediaType: root.mediaType,
    blobsSent: summary.blobs,
    bytesSent: summary.bytes,
    blobsSkipped: summary.skippedBlobs,
    durationMs: Math.round(performance.now() - startedAtMs),
  };
}

async function pushToRegistry(
  source: ImageSource,
  place: RegistryPlace,
  choices: CopyChoices,
  connection: ConnectionOptions,
  context: CommandContext,
): Promise<PushResult> {
  const { openTarget } = await import('../../runtime/open-target.node.ts');
  const target = await openTarget(place, connection);
  try {
    const pushed = await pushImage(source, target, choices, context);
    return { ...pushed, pullCommand: `docker pull ${formatRegistryReference(place.reference)}` };
  } finally {
    await target.close();
  }
}

async function findLines(
  place: TaggedPlace & { readonly bucket: Bucket; readonly publicUrl: string | undefined },
  environment: Environment,
): Promise<PulledBy> {
  const { repository, tag, bucket, publicUrl } = place;
  const address = await describeAddress(place, bucket, environment);
  const { command, serve } = findPullLine({ ...address, publicUrl, image: `${repository}:${tag}` });
  return { pullCommand: command, serveCommand: serve };
}

type TaggedPlace = ResolvedBucketPlace & { readonly repository: RepositoryName; readonly tag: Tag };

function requireTag(place: ResolvedBucketPlace): TaggedPlace {
  const { repository, tag } = place;
  if (repository !== undefined && tag !== undefined) return { ...place, repository, tag };
  throw withoutTag(place, 's3://my-bucket/team/app:1.0');
}

type RegistryPlace = Extract<Place, { kind: 'docker' }>;

/** Without a tag a reference of a registry means `latest`; a digest cannot be chosen. */
function requireRegistryTag(place: RegistryPlace): RegistryPlace {
  if (place.reference.digest === undefined) return place;
  throw withoutTag(place, 'docker://registry.example.com/team/app:1.0');
}

function withoutTag(place: Place, example: string): RegistryError {
  return new RegistryError('reference-ambiguous', `Cannot push to "${formatPlace(place)}": wanted a repository and a tag`, {
    hint: `Write the place as …/NAME:TAG, such as "${example}".`,
  });
}

/** The repository that an image is copied from, if it lies in the bucket that it goes to. */
function findNeighbour(from: ResolvedPlace, { address }: ResolvedBucketPlace): RepositoryName | undefined {
  if (from.kind !== 'bucket') return undefined;
  const bucketOf = (one: ResolvedBucketPlace['address']): string => formatPlace({ kind: 'bucket', address: one });
  return bucketOf(from.address) === bucketOf(address) ? from.repository : undefined;
}

async function describeAddress(
  { address }: ResolvedBucketPlace,
  bucket: Bucket,
  environment: Environment,
): Promise<Pick<PullAddress, 'bucket' | 's3' | 'storeUrl'>> {
  const name = formatPlace({ kind: 'bucket', address });
  if (address.kind !== 's3') return { bucket: name };
  const { place } = await resolveS3Settings(address, environment);
  // Signed for nothing but its host: by now that of the region which the store named as the bucket's.
  const storeUrl = await bucket.presign?.(formatKey({ kind: 'root' }), { method: 'GET', expiresInMs: 1000 });
  return { bucket: name, s3: place, storeUrl };
}

function formatPush(result: PushResult): string {
  return [
    `Pushed ${result.target}`,
    `  ${result.digest}`,
    `  ${formatSent(result)} in ${formatDuration(result.durationMs)}`,
    '',
    result.serveCommand === undefined ? 'Pull it:' : 'Serve the bucket, then pull it:',
    ...(result.serveCommand === undefined ? [] : [`  ${result.serveCommand}`]),
    `  ${result.pullCommand}`,
  ].join('\n');
}

function formatSent({ blobsSent, bytesSent, blobsSkipped }: PushResult): string {
  if (blobsSent === 0) return 'nothing to send, all of it was there already;';
  return `${formatCount(blobsSent, 'blob')} sent, ${formatBytes(bytesSent)}${blobsSkipped === 0 ? '' : `, ${blobsSkipped} there already`},`;
}
