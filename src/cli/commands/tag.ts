import { parseBucketTag } from '../../layout/bucket-tag.ts';
import { openRepository } from '../../registry/repository.ts';
import { openBucket } from '../../runtime/open-bucket.node.ts';
import { resolveBucketPlace } from '../../runtime/resolve-place.node.ts';
import { copyImage } from '../../transfer/copy-image.ts';
import { createBucketSource } from '../../transports/bucket-source.ts';
import { createBucketTarget } from '../../transports/bucket-target.ts';
import { formatPlace } from '../../transports/place.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { requireImage } from '../require-image.ts';
import { bucketFlag } from '../shared-flags.ts';

/** The JSON result of `bucketry tag`. */
export interface TagResult {
  readonly reference: string;
  readonly tag: string;
  readonly digest: string;
}

const resultDoc: ResultDoc<TagResult> = {
  reference: 'The image.',
  tag: 'The tag that names it now, too.',
  digest: 'Its digest.',
};

export const tag: Command = defineCommand({
  name: 'tag',
  doc: [
    'Gives an image of a repository another tag. What the tag named before keeps its digest. No blob is sent.',
    'It goes the way of a push, so that a collection which runs at the same time cannot take what is being tagged.',
  ],
  arguments: {
    ref: { value: 'REF', doc: 'The image: `s3://BUCKET/NAME:TAG`, or `NAME@DIGEST` in the default bucket.', required: true },
    newTag: { value: 'NEWTAG', doc: 'The tag, alone.', required: true },
  },
  flags: { bucket: bucketFlag },
  examples: ['bucketry tag team/app:1.0 latest'],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    const newTag = parseBucketTag(args.newTag);
    const place = requireImage(await resolveBucketPlace(args.ref, { bucket: flags.bucket, environment }));
    const bucket = await openBucket(place.address, { environment, signal, forWriting: true });
    try {
      const repository = openRepository(bucket, place.repository);
      const location = formatPlace(place);
      const source = createBucketSource(repository, { reference: place.tag ?? place.digest, location });
      const target = createBucketTarget(repository, { tag: newTag, copiedTag: place.tag, location });
      const { root } = await copyImage(source, target, { signal });
      const result: TagResult = { reference: location, tag: newTag, digest: root.digest };
      output.result(result, `${place.repository}:${newTag} names ${root.digest}`);
    } finally {
      await bucket.close();
    }
  },
});
