import { RegistryError } from '../../errors/registry-error.ts';
import { openRepository } from '../../registry/repository.ts';
import { openBucket } from '../../runtime/open-bucket.node.ts';
import { resolveBucketPlace } from '../../runtime/resolve-place.node.ts';
import { formatPlace } from '../../transports/place.ts';
import { type Command, type CommandContext, defineCommand, type ResultDoc } from '../command.ts';
import { findParents } from '../find-parents.ts';
import { type RemovedUploads, removeUploads } from '../remove-uploads.ts';
import { requireImage } from '../require-image.ts';
import { bucketFlag } from '../shared-flags.ts';

/** The JSON result of `bucketry rm` without `--uploads`. */
export interface RmResult {
  readonly reference: string;
  readonly tags: readonly string[];
  readonly digest?: string | undefined;
}

const resultDoc: ResultDoc<RmResult & RemovedUploads> = {
  reference: 'What was to be removed, or where.',
  tags: 'Tags that were removed. Absent with `--uploads`.',
  digest: 'The manifest that was removed; absent where only a tag was.',
  isDryRun: 'With `--uploads`: whether nothing was removed, only told.',
  uploads: 'With `--uploads`: the unfinished uploads that were aborted, each with `key`, `uploadId` and `initiated`.',
  staged: 'With `--uploads`: keys of the staged objects that were deleted.',
  kept: 'With `--uploads`: how many uploads and staged objects are younger.',
  keysAsked: 'With `--uploads`, on a store that tells uploads of single keys only: how many keys were asked for.',
};

const defaultAge = '24h';

export const rm: Command = defineCommand({
  name: 'rm',
  doc: [
    'Removes a tag (`NAME:TAG`) or a manifest (`NAME@DIGEST`). Removing a tag removes nothing else: whoever pulls by digest still finds the image. Blobs stay until a collection finds that nothing leads to them.',
    'A manifest that an index lists, or that a tag names, is not removed without `--force`, which removes its tags with it and leaves the index broken.',
    'With `--uploads` it removes instead what pushes left in the bucket, or in one repository, that never ended: unfinished uploads, which cost storage and are visible to nobody, and staged objects (of a directory also temporary files). The same push could still go on from unfinished uploads.',
  ],
  arguments: {
    ref: {
      value: 'REF',
      doc: 'What to remove: `s3://BUCKET/NAME:TAG`, or `NAME@DIGEST` in the default bucket. With `--uploads`: `s3://BUCKET` or `s3://BUCKET/NAME`; the default bucket if left out.',
      required: false,
    },
  },
  flags: {
    force: { kind: 'switch', short: 'f', doc: 'Remove a manifest although an index lists it or a tag names it.' },
    uploads: {
      kind: 'switch',
      doc: 'Remove unfinished uploads and staged objects, of the whole bucket or one repository, and nothing else.',
    },
    'older-than': {
      kind: 'text',
      value: 'AGE',
      doc: `With \`--uploads\`: only what was begun longer ago, such as 90m, 24h or 7d; ${defaultAge} if left out. A push that is still at work on what is removed begins anew, or fails.`,
    },
    'dry-run': { kind: 'switch', doc: 'With `--uploads`: only tell what would be removed.' },
    bucket: bucketFlag,
  },
  examples: ['bucketry rm team/app:1.0', 'bucketry rm --uploads s3://my-bucket --older-than 7d --dry-run'],
  result: resultDoc,
  run: async ({ args, flags }, context) => {
    const { 'older-than': olderThan, 'dry-run': isDryRun, bucket } = flags;
    if (flags.uploads) {
      if (flags.force) throw new RegistryError('usage-invalid', 'Cannot take --force with --uploads: nothing needs what it removes');
      return removeUploads(args.ref, { olderThan: olderThan ?? defaultAge, isDryRun, bucket }, context);
    }
    if (isDryRun || olderThan !== undefined) {
      const flag = isDryRun ? 'dry-run' : 'older-than';
      throw new RegistryError('usage-invalid', `Cannot take --${flag} without --uploads`);
    }
    if (args.ref === undefined) throw new RegistryError('usage-invalid', 'Cannot run "bucketry rm": REF is missing');
    return removeImage(args.ref, flags, context);
  },
});

async function removeImage(
  ref: string,
  flags: { readonly force: boolean; readonly bucket: string | undefined },
  { environment, output, signal }: CommandContext,
): Promise<void> {
  const place = requireImage(await resolveBucketPlace(ref, { bucket: flags.bucket, environment }));
  const bucket = await openBucket(place.address, { environment, signal, forWriting: true });
  try {
    const repository = openRepository(bucket, place.repository);
    const reference = formatPlace(place);
    if (place.tag !== undefined) {
      await repository.tags.delete([place.tag], { signal });
      const result: RmResult = { reference, tags: [place.tag] };
      return output.result(result, `Removed the tag ${place.repository}:${place.tag}`);
    }
    const parents = flags.force ? [] : await findParents(repository, place.digest, signal);
    if (parents.length > 0) throw refuse(reference, parents);
    const tags = await repository.deleteManifest(place.digest, { signal, withTags: flags.force });
    const result: RmResult = { reference, tags, digest: place.digest };
    const lines = [...tags.map((tag) => `Removed the tag ${place.repository}:${tag}`), `Removed ${place.repository}@${place.digest}`];
    return output.result(result, lines.join('\n'));
  } finally {
    await bucket.close();
  }
}

function refuse(reference: string, parents: readonly string[]): RegistryError {
  const [first] = parents;
  const others = parents.length > 1 ? ` and ${parents.length - 1} more` : '';
  return new RegistryError('manifest-referenced', `Cannot remove "${reference}": the index "${first}"${others} lists it`, {
    hint: 'Remove the index first, or add --force, which leaves it broken for this platform.',
  });
}
