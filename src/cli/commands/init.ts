import { createCatalog } from '../../registry/catalog.ts';
import { ensureBucketFormat } from '../../registry/bucket-format.ts';
import { makePublic } from '../../doctor/make-public.ts';
import { probeStore, type StoreFindings } from '../../doctor/probe-store.ts';
import { abortUploadsLifecycle, publicReadPolicy, pusherPolicy, readerPolicy } from '../../doctor/bucket-policies.ts';
import type { Bucket } from '../../bucket/bucket.ts';
import { BucketError } from '../../errors/bucket-error.ts';
import { hasCode } from '../../errors/coded-error.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import { formatKey } from '../../layout/keys.ts';
import { openBucket, openBucketAdmin } from '../../runtime/open-bucket.node.ts';
import { resolveBucket } from '../../runtime/resolve-place.node.ts';
import { systemClock } from '../../streams/clock.ts';
import { type Command, type CommandContext, defineCommand, type ResultDoc } from '../command.ts';
import { createEdgeConfig, edgeServers } from '../edge-config.node.ts';
import { formatInit, type InitResult } from '../format-init.ts';
import { formatListen, parseListen } from '../parse-listen.ts';
import { defaultListen } from '../pull-line.ts';
import { parsePublicUrl } from '../parse-public-url.ts';
import { writeBucketFormat } from '../write-bucket-format.ts';

const resultDoc: ResultDoc<InitResult> = {
  bucket: 'The bucket.',
  formatVersion: 'Version of the bucket format that is recorded in it.',
  store:
    'What the store was seen to do: `conditionalPut`, `verifiesSha256`, `verifiesCrc32`, `strongList`, `copy`, `multipart`, `listsPartSha256`.',
  publicUrl: 'Where clients pull from, if recorded.',
  catalog: 'Whether `v2/_catalog` is kept.',
  applied: 'Settings of the bucket that were changed, a sentence each.',
  edge: 'With `--edge`: `server` and its `config`.',
  policies: 'Policies of S3: `publicRead` of the bucket; the least of a `pusher` and of a `reader`. Absent for directories.',
  lifecycle: 'The lifecycle rule of `--abort-uploads`, as the AWS command line takes it. Absent for directories.',
};

const abortDays = 7;

export const init: Command = defineCommand({
  name: 'init',
  doc: [
    'Makes a bucket ready to hold images: writes `v2/` and the version of the format, finds out what the store can do (on objects that it removes again) and records it, so that pushes need not find out again. It may be run again at any time.',
    'It prints the policy that lets everyone pull, the least policies for who pushes and who pulls with credentials, and the lifecycle rule of `--abort-uploads`. With `--public` it applies the first. S3 puts a public access block on every new bucket, which stands against that policy; it is lifted only with `--lift-public-access-block`.',
  ],
  arguments: {
    bucket: {
      value: 'BUCKET',
      doc: 'The bucket, such as `s3://my-bucket` or `file:./bucket`; the default one if left out.',
      required: false,
    },
  },
  flags: {
    create: { kind: 'switch', doc: 'Make the bucket, if it is not there. (A directory is always made.)' },
    public: { kind: 'switch', doc: 'Let everyone read the images: add it to the policy of the bucket.' },
    'lift-public-access-block': { kind: 'switch', doc: "With `--public`: lift what of S3's public access block forbids it." },
    'abort-uploads': {
      kind: 'switch',
      doc: `Add the lifecycle rule that aborts uploads which nobody ended within ${abortDays} days. Else it is only printed.`,
    },
    'public-url': {
      kind: 'text',
      value: 'URL',
      doc: 'Record where clients pull from, such as `https://images.example.com`: pushes then print lines with it.',
    },
    edge: {
      kind: 'text',
      value: 'SERVER',
      choices: edgeServers,
      doc: 'Print a working configuration of this file server for a directory bucket, and nothing else.',
    },
    listen: { kind: 'text', value: 'IP:PORT', default: defaultListen, doc: 'With `--edge`: where that server listens.' },
    catalog: { kind: 'switch', doc: 'Keep `v2/_catalog`, which tells everyone who may read the names of all repositories.' },
    'no-catalog': { kind: 'switch', doc: 'Keep it no longer, and remove it.' },
  },
  examples: [
    'bucketry init s3://my-bucket',
    'bucketry init s3://my-bucket --public --lift-public-access-block --abort-uploads',
    'bucketry init r2://my-bucket --public-url https://images.example.com',
    'bucketry init file:/srv/bucket --edge nginx --listen 0.0.0.0:80 > /etc/nginx/conf.d/bucket.conf',
  ],
  result: resultDoc,
  run: async ({ args, flags }, { environment, output, signal }) => {
    if (flags['lift-public-access-block'] && !flags.public) {
      throw new RegistryError('usage-invalid', 'Cannot lift the public access block by itself: wanted --public with it');
    }
    if (flags.catalog && flags['no-catalog']) {
      throw new RegistryError('usage-invalid', 'Cannot keep the catalog and remove it: wanted --catalog or --no-catalog');
    }
    const publicUrl = flags['public-url'] === undefined ? undefined : parsePublicUrl(flags['public-url']);
    const { address } = await resolveBucket(args.bucket, { environment });
    const server = edgeServers.find((name) => name === flags.edge);
    const edge = server && createEdgeConfig(server, address, formatListen(parseListen(flags.listen)));
    if (flags.create) await createBucket(address, { environment, signal });
    const bucket = await openBucket(address, { environment, signal, forWriting: true });
    try {
      const before = await ensureBucketFormat(bucket, systemClock, { signal });
      const store = await probe(bucket, signal);
      const { conditionalPut, verifiesSha256, verifiesCrc32, strongList } = store;
      const format = await writeBucketFormat(
        bucket,
        {
          store: { ...before.store, conditionalPut, verifiesSha256, verifiesCrc32, strongList },
          publicUrl: publicUrl ?? before.publicUrl,
          catalog: flags['no-catalog'] ? undefined : flags.catalog || before.catalog,
        },
        signal,
      );
      if (format.catalog) await createCatalog(bucket, systemClock).rebuild({ signal });
      // The format first: who pushes from now on makes no new one.
      else if (flags['no-catalog']) await bucket.delete(formatKey({ kind: 'catalog' }), { signal });
      const bucketName = 'bucket' in address ? address.bucket : undefined;
      const result: InitResult = {
        bucket: bucket.location,
        formatVersion: format.version,
        store,
        publicUrl: format.publicUrl,
        catalog: format.catalog ?? false,
        applied: await applySettings(address, flags, { environment, signal }),
        edge,
        policies: bucketName === undefined ? undefined : listPolicies(bucketName),
        lifecycle: bucketName === undefined ? undefined : abortUploadsLifecycle(abortDays),
      };
      output.result(result, edge?.config ?? formatInit(result));
    } finally {
      await bucket.close();
    }
  },
});

/** Makes the bucket itself; a directory is made when it is opened. */
async function createBucket(
  address: Parameters<typeof openBucketAdmin>[0],
  { environment, signal }: Pick<CommandContext, 'environment' | 'signal'>,
): Promise<void> {
  const admin = await openBucketAdmin(address, environment);
  await admin?.createBucket?.({ signal });
}

/** Probes under keys that no other run uses. */
function probe(bucket: Bucket, signal: AbortSignal): Promise<StoreFindings> {
  const run = crypto.randomUUID();
  return probeStore(bucket, (name) => formatKey({ kind: 'staging', id: `probe-${run}-${name}` }), { signal });
}

async function applySettings(
  address: Parameters<typeof openBucketAdmin>[0],
  flags: { readonly public: boolean; readonly 'lift-public-access-block': boolean; readonly 'abort-uploads': boolean },
  { environment, signal }: Pick<CommandContext, 'environment' | 'signal'>,
): Promise<readonly string[]> {
  if (!flags.public && !flags['abort-uploads']) return [];
  const admin = await openBucketAdmin(address, environment);
  if (!admin || !('bucket' in address)) {
    throw new RegistryError('usage-invalid', 'Cannot change the settings of a directory: it has none', {
      hint: 'Serve it with "bucketry serve BUCKET --static" or any file server.',
    });
  }
  const applied: string[] = [];
  if (flags.public) {
    const liftPublicAccessBlock = flags['lift-public-access-block'];
    applied.push(...(await makePublic(admin, { bucketName: address.bucket, liftPublicAccessBlock, signal })));
  }
  if (flags['abort-uploads'] && admin.putAbortUploadsRule) {
    await admin.putAbortUploadsRule(abortDays, { signal }).catch((error: unknown) => {
      throw hasCode(error, 'operation-unsupported') ? explainNoRule(error, applied) : error;
    });
    applied.push(`Uploads that nobody ends within ${abortDays} days are aborted.`);
  }
  return applied;
}

/** (MinIO and versitygw.) */
function explainNoRule(error: Error, applied: readonly string[]): BucketError {
  const before = applied.map((sentence) => `Done: ${sentence} `).join('');
  return new BucketError('operation-unsupported', error.message, {
    cause: error,
    hint: `${before}But this store knows no rule that aborts uploads: leave out --abort-uploads. MinIO aborts them after a day by itself.`,
  });
}

function listPolicies(bucketName: string): NonNullable<InitResult['policies']> {
  return { publicRead: publicReadPolicy(bucketName), pusher: pusherPolicy(bucketName), reader: readerPolicy(bucketName) };
}
