import { openSource } from '../../runtime/open-source.node.ts';
import { resolvePlace } from '../../runtime/resolve-place.node.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import { describeImage, type ImageDescription, readRootBytes, type RootDescription } from '../describe-image.ts';
import { formatBytes, formatCount } from '../output/format-quantity.ts';
import { shortDigest } from '../output/render-progress.ts';
import { bucketFlag } from '../shared-flags.ts';

/** The JSON result of `bucketry inspect`. */
export type InspectResult = RootDescription;

const resultDoc: ResultDoc<InspectResult> = {
  reference: 'The image.',
  kind: '`index` or `image`.',
  digest: 'Digest of its manifest or index.',
  mediaType: 'The media type of that.',
  annotations: 'The annotations of that.',
  images:
    'Every image and artifact in it: `digest`, `mediaType`, `platform`, `artifactType`, `layers` (`mediaType`, `digest`, `size`), `totalBytes`, and the `config` as it is.',
  totalBytes: 'Bytes of all configs and layers, each blob counted once.',
};

export const inspect: Command = defineCommand({
  name: 'inspect',
  doc: [
    'Shows what an image consists of: platforms, layers, sizes, and how it is run. Takes every kind of place, not only buckets. Reads no layer.',
  ],
  arguments: {
    ref: {
      value: 'REF',
      doc: 'The image: `s3://BUCKET/NAME:TAG`, `NAME@DIGEST` in the default bucket, `docker://alpine`, `oci:DIR`, …',
      required: true,
    },
  },
  flags: {
    raw: { kind: 'switch', group: 'Output', doc: 'Write the bytes of the manifest or index as they are, verified.' },
    ...connectionFlags,
    bucket: bucketFlag,
  },
  examples: ['bucketry inspect team/app:1.0', 'bucketry inspect s3://my-bucket/team/app:1.0 --raw | sha256sum'],
  result: resultDoc,
  run: async ({ args, flags }, context) => {
    const { environment, output, signal } = context;
    const place = await resolvePlace(args.ref, { bucket: flags.bucket, environment });
    const source = await openSource(place, { ...readConnectionFlags(flags, context), signal });
    try {
      if (flags.raw) return output.bytes(await readRootBytes(source, signal));
      const description: InspectResult = await describeImage(source, signal);
      return output.result(description, formatDescription(description));
    } finally {
      await source.close();
    }
  },
});

function formatDescription({ reference, kind, digest, mediaType, images, totalBytes }: RootDescription): string {
  const head = [reference, `  digest  ${digest}`, `  type    ${mediaType}`];
  if (kind === 'index') head.push(`  holds   ${formatCount(images.length, 'image')}, ${formatBytes(totalBytes)}`);
  return [head.join('\n'), ...images.map((image) => formatImage(image, kind === 'index'))].join('\n\n');
}

function formatImage(image: ImageDescription, isChild: boolean): string {
  const title = image.artifactType ?? image.platform ?? 'image';
  const lines = [`${title}  ${formatBytes(image.totalBytes)} in ${formatCount(image.layers.length, 'layer')}`];
  if (isChild) lines.push(`  digest      ${image.digest}`);
  lines.push(...formatSettings(image.config));
  for (const { digest, size, mediaType } of image.layers) {
    lines.push(`  layer       ${shortDigest(digest)}  ${formatBytes(size).padStart(9)}  ${mediaType}`);
  }
  return lines.join('\n');
}

/** What of a config says how the image is run (image-spec config.md, "config"). */
const shownSettings = ['User', 'WorkingDir', 'Entrypoint', 'Cmd', 'ExposedPorts'] as const;

function formatSettings(config: ImageDescription['config']): string[] {
  const { created, config: settings } = config ?? {};
  const lines = typeof created === 'string' ? [`  created     ${created}`] : [];
  if (typeof settings !== 'object' || settings === null) return lines;
  for (const name of shownSettings) {
    const value = (settings as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || value === null || value === '') continue;
    lines.push(`  ${name.toLowerCase().padEnd(12)}${typeof value === 'string' ? value : JSON.stringify(value)}`);
  }
  return lines;
}
