import { RegistryError } from '../../errors/registry-error.ts';
import { openRepository } from '../../registry/repository.ts';
import { openBucket } from '../../runtime/open-bucket.node.ts';
import { resolveBucketPlace } from '../../runtime/resolve-place.node.ts';
import { formatPlace } from '../../transports/place.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { findParents } from '../find-parents.ts';
import { requireImage } from '../require-image.ts';
import { bucketFlag } from '../shared-flags.ts';

/** The JSON result of `bucketry rm`. */
export interface RmResult {
  readonly reference: string;
  readonly tags: readonly string[];
  readonly digest?: string | undefined;
}

const resultDoc: ResultDoc<RmResult> = {
  reference: 'What was to be removed.',
  tags: 'Tags that were removed.',
  digest: 'The manifest that was removed; absent where only a tag was.',
};

export const rm: Command = defineCommand({
  name: 'rm',
  doc: [
    'Removes a tag (`NAME:TAG`) or a manifest (`NAME@DIGEST`). Removing a tag removes nothing else: whoever pulls by digest still finds the image. Blobs stay until a collection finds that nothing leads to them.',
    'A manifest that an index lists, or that a tag names, is not removed without `--force`, which removes its tags with it and leaves the index broken.',
  ],
  arguments: {
    ref: { value: 'REF', doc: 'What to remove: `s3://BUCKET/NAME:TAG`, or `NAME@DIGEST` in the default bucket.', required: true },
  },
  flags: {
    force: { kind: 'switch', short: 'f', doc: 'Remove a manifest although an index lists it or a tag names it.' },
    bucket: bucketFlag,
  },
  examples: ['bucketry rm team/app:1.0'],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    const place = requireImage(await resolveBucketPlace(args.ref, { bucket: flags.bucket, environment }));
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
  },
});

function refuse(reference: string, parents: readonly string[]): RegistryError {
  const [first] = parents;
  const others = parents.length > 1 ? ` and ${parents.length - 1} more` : '';
  return new RegistryError('manifest-referenced', `Cannot remove "${reference}": the index "${first}"${others} lists it`, {
    hint: 'Remove the index first, or add --force, which leaves it broken for this platform.',
  });
}
