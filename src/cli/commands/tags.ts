import { RegistryError } from '../../errors/registry-error.ts';
import { listTags } from '../../runtime/list-tags.node.ts';
import { resolveBucketPlace } from '../../runtime/resolve-place.node.ts';
import { formatPlace } from '../../transports/place.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { bucketFlag } from '../shared-flags.ts';

/** The JSON result of `bucketry tags`. */
export interface TagsResult {
  readonly repository: string;
  readonly tags: readonly string[];
}

const resultDoc: ResultDoc<TagsResult> = {
  repository: 'The repository, as a place.',
  tags: 'Its tags, sorted by bytes.',
};

export const tags: Command = defineCommand({
  name: 'tags',
  doc: ['Lists the tags of a repository, one a line.'],
  arguments: { name: { value: 'NAME', doc: 'The repository: `s3://BUCKET/NAME`, or `NAME` in the default bucket.', required: true } },
  flags: { bucket: bucketFlag },
  examples: ['bucketry tags team/app', 'bucketry tags s3://my-bucket/team/app --json'],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    const place = await resolveBucketPlace(args.name, { bucket: flags.bucket, environment });
    const { repository, tag, digest } = place;
    if (repository === undefined || (tag ?? digest) !== undefined) {
      throw new RegistryError(
        'reference-invalid',
        `Cannot list the tags of "${formatPlace(place)}": wanted a repository, without tag and digest`,
      );
    }
    const found = await listTags({ ...place, repository }, { environment, signal });
    if (found.length === 0) {
      throw new RegistryError('repository-missing', `Cannot list the tags of "${formatPlace(place)}": there is no tag in it`, {
        hint: '"bucketry ls" lists the repositories of a bucket.',
      });
    }
    const result: TagsResult = { repository: formatPlace(place), tags: found };
    output.result(result, found.join('\n'));
  },
});
