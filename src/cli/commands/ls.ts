import { createCatalog } from '../../registry/catalog.ts';
import { openBucket } from '../../runtime/open-bucket.node.ts';
import { resolveBucket } from '../../runtime/resolve-place.node.ts';
import { systemClock } from '../../streams/clock.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { bucketFlag } from '../shared-flags.ts';

/** The JSON result of `bucketry ls`. */
export interface LsResult {
  readonly bucket: string;
  readonly repositories: readonly string[];
}

const resultDoc: ResultDoc<LsResult> = {
  bucket: 'The bucket.',
  repositories: 'Names of its repositories, sorted by bytes.',
};

export const ls: Command = defineCommand({
  name: 'ls',
  doc: ['Lists the repositories of a bucket, one a line.'],
  arguments: { bucket: { value: 'BUCKET', doc: 'The bucket, such as `s3://my-bucket`; the default one if left out.', required: false } },
  flags: { bucket: bucketFlag },
  examples: ['bucketry ls', 'bucketry ls s3://my-bucket --json'],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    const { address } = await resolveBucket(args.bucket, { bucket: flags.bucket, environment });
    const bucket = await openBucket(address, { environment, signal });
    try {
      const repositories = await createCatalog(bucket, systemClock).list({ signal });
      const result: LsResult = { bucket: bucket.location, repositories };
      output.result(result, repositories.join('\n'));
      if (repositories.length === 0) output.note(`There is no repository in ${bucket.location} yet.`);
    } finally {
      await bucket.close();
    }
  },
});
