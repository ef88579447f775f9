import { openSource } from '../../runtime/open-source.node.ts';
import { openTarget } from '../../runtime/open-target.node.ts';
import { resolveBucketPlace } from '../../runtime/resolve-place.node.ts';
import { type BucketPlace, isStandardStream, parsePlace, type Place } from '../../transports/place.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import { formatBytes, formatCount, formatDuration } from '../output/format-quantity.ts';
import { runCopy, writeDigestFile } from '../run-copy.node.ts';
import { bucketFlag, copyFlags } from '../shared-flags.ts';
import { createFlaggedEngine, transferFlags } from '../transfer-flags.ts';

/** The JSON result of `bucketry pull`. */
export interface PullResult {
  readonly source: string;
  readonly target: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly blobsReceived: number;
  readonly bytesReceived: number;
  readonly blobsSkipped: number;
  readonly durationMs: number;
}

const resultDoc: ResultDoc<PullResult> = {
  source: 'Where the image came from.',
  target: 'Where it lies now.',
  digest: 'Digest of the manifest or index that was copied.',
  mediaType: 'Its media type.',
  blobsReceived: 'Configs and layers that were copied.',
  bytesReceived: 'Their bytes.',
  blobsSkipped: 'Those that were there already.',
  durationMs: 'How long it took, in milliseconds.',
};

export const pull: Command = defineCommand({
  name: 'pull',
  doc: [
    'Copies an image out of a bucket into files, a Docker daemon or a registry. Every byte is verified.',
    'A `docker-archive:` and a `docker-daemon:` take the image of one platform: that of this machine, unless `--platform` chooses another.',
  ],
  arguments: {
    ref: {
      value: 'REF',
      doc: 'The image: `s3://BUCKET/NAME:TAG`, `https://HOST/NAME:TAG`, or `NAME@DIGEST` in the default bucket.',
      required: true,
    },
    dest: {
      value: 'DEST',
      doc: 'Where it goes: `oci:DIR[:REF]`, `oci-archive:FILE`, `docker-archive:FILE[:NAME:TAG]`, `docker-daemon:NAME:TAG`, `docker://HOST/NAME:TAG`. With `-` as FILE the archive goes to standard output. If left out, the OCI layout `./LAST`, LAST being the last component of the name; the tag is its name there.',
      required: false,
    },
  },
  flags: { ...copyFlags, ...transferFlags, ...connectionFlags, bucket: bucketFlag },
  examples: [
    'bucketry pull s3://my-bucket/team/app:1.0',
    'bucketry pull team/app:1.0 docker-daemon:app:1.0',
    'bucketry pull team/app:1.0 docker-archive:app.tar:app:1.0 && docker load -i app.tar',
    'bucketry pull team/app:1.0 docker-archive:- | ssh far docker load',
  ],
  result: resultDoc,
  run: async ({ args, flags }, context) => {
    const { environment, signal, output } = context;
    const connection = readConnectionFlags(flags, context);
    const place = await resolveBucketPlace(args.ref, { bucket: flags.bucket, environment });
    const engine = createFlaggedEngine(flags);
    const dest = args.dest === undefined ? defaultTarget(place) : parsePlace(args.dest);
    const target = await openTarget(dest, connection);
    const source = await openSource(place, { ...connection, signal, engine });
    const startedAtMs = performance.now();
    try {
      const { root, summary } = await runCopy(
        source,
        target,
        { ...flags, manner: 'copy', countConnections: () => engine.connections.inUse },
        context,
      );
      await writeDigestFile(flags['digest-file'], root.digest);
      const result: PullResult = {
        source: source.location,
        target: target.location,
        digest: root.digest,
        mediaType: root.mediaType,
        blobsReceived: summary.blobs,
        bytesReceived: summary.bytes,
        blobsSkipped: summary.skippedBlobs,
        durationMs: Math.round(performance.now() - startedAtMs),
      };
      // Where the archive itself stands on standard output, nothing else may
      if ('path' in dest && isStandardStream(dest.path)) output.note(formatPull(result));
      else output.result(result, formatPull(result));
    } finally {
      await Promise.all([source.close(), target.close()]);
    }
  },
});

/** An OCI layout takes everything as it is, all platforms included. */
function defaultTarget({ repository, tag }: BucketPlace): Place {
  return { kind: 'oci', path: `./${repository?.split('/').at(-1) ?? ''}`, reference: tag };
}

function formatPull(result: PullResult): string {
  return [
    `Pulled ${result.source} to ${result.target}`,
    `  ${result.digest}`,
    `  ${formatCount(result.blobsReceived, 'blob')}, ${formatBytes(result.bytesReceived)}${formatSkipped(result)}, in ${formatDuration(result.durationMs)}`,
  ].join('\n');
}

function formatSkipped({ blobsSkipped }: PullResult): string {
  return blobsSkipped === 0 ? '' : `, ${blobsSkipped} there already`;
}
