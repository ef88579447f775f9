import { once } from 'node:events';
import type { Bucket } from '../../bucket/bucket.ts';
import { hasCode } from '../../errors/coded-error.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import { createCatalog } from '../../registry/catalog.ts';
import { openBucket } from '../../runtime/open-bucket.node.ts';
import { resolveBucket } from '../../runtime/resolve-place.node.ts';
import { systemClock } from '../../streams/clock.ts';
import { type Command, defineCommand, type ResultDoc } from '../command.ts';
import { reportError } from '../format-error.ts';
import { parseListen } from '../parse-listen.ts';
import { defaultListen } from '../pull-line.ts';
import { formatRequest, serveBucket, type ServedRequest } from '../serve-bucket.node.ts';

/** The JSON result of `bucketry serve`: one of these for each request. */
export type ServeResult = ServedRequest;

const resultDoc: ResultDoc<ServeResult> = {
  method: 'Method of one request; there is one object for each.',
  path: 'Its path, without a query.',
  status: 'The HTTP status that it was answered with.',
  meaning: 'What a registry client means by it.',
};

export const serve: Command = defineCommand({
  name: 'serve',
  doc: [
    'Serves a bucket over HTTP, so that clients can pull from it. It logs each request, with what the client means by it above, and ends with 0 when it is stopped.',
    'With `--static` (the only way so far) it answers GET and HEAD of what lies below `v2/` as the public address of a bucket would: it knows nothing of images. It reads with the credentials given here, and asks nobody for any: who can reach the address can read all images.',
  ],
  arguments: {
    bucket: {
      value: 'BUCKET',
      doc: 'The bucket, such as `file:./bucket` or `s3://my-bucket`; the default one if left out.',
      required: false,
    },
  },
  flags: {
    static: { kind: 'switch', doc: 'Answer only what the store itself would.' },
    listen: { kind: 'text', value: 'HOST:PORT', default: defaultListen, doc: 'Where to listen; port 0 takes a free one.' },
    missing: {
      kind: 'text',
      value: 'STATUS',
      choices: ['404', '403'],
      default: '404',
      doc: 'What a missing object answers: 404, or 403 as S3 does.',
    },
  },
  examples: ['bucketry serve file:./bucket --static', 'bucketry serve s3://my-bucket --static --listen 0.0.0.0:5000 --missing 403'],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    if (!flags.static) {
      throw new RegistryError('usage-invalid', 'Cannot serve this bucket: wanted --static, the only way to serve so far', {
        hint: 'Add --static: clients can then pull, and not push.',
      });
    }
    const listen = parseListen(flags.listen);
    const { address } = await resolveBucket(args.bucket, { environment });
    const bucket = await openBucket(address, { environment, signal });
    try {
      const readable = await describeReadable(bucket, signal);
      const server = await serveBucket(bucket, {
        ...listen,
        missing: flags.missing === '403' ? 403 : 404,
        onRequest: (request) => output.result(request, formatRequest(request)),
        onFailure: (error) => output.note(`An answer failed: ${reportError(error).error.message}`),
      });
      output.note(`Serving ${bucket.location} at ${server.url}. Whoever reaches that address can read ${readable}.`);
      if (!signal.aborted) await once(signal, 'abort');
      await server.close();
    } finally {
      await bucket.close();
    }
  },
});

const maxNamed = 5;

/** What serving makes readable. */
async function describeReadable(bucket: Bucket, signal: AbortSignal): Promise<string> {
  try {
    const names = await createCatalog(bucket, systemClock).list({ signal });
    const more = names.length > maxNamed ? ', …' : '';
    return `all images of ${names.length === 1 ? '1 repository' : `${names.length} repositories`}${names.length === 0 ? '' : ` (${names.slice(0, maxNamed).join(', ')}${more})`}`;
  } catch (error) {
    if (hasCode(error, 'access-denied')) return 'all its images';
    throw error;
  }
}
