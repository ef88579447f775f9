import { readFile } from 'node:fs/promises';
import { RegistryError } from '../../errors/registry-error.ts';
import type { MirrorJob } from '../../mirror/mirror-job.ts';
import type { MirrorReport } from '../../mirror/mirror-report.ts';
import { isInShard, parseShard } from '../../mirror/shard.ts';
import { parseRegistryReference } from '../../oci/reference.ts';
import { resolveBucket, resolveBucketPlace, type ResolvedBucketPlace } from '../../runtime/resolve-place.node.ts';
import { runMirror } from '../../runtime/run-mirror.node.ts';
import { formatPlace } from '../../transports/place.ts';
import { type Command, type CommandContext, type CommandInput, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import type { FlagValues } from '../flags.ts';
import { formatMirror, formatRepository, failureOf } from '../format-mirror.ts';
import { readJob, repositoryFlags } from '../mirror-flags.ts';
import { bucketFlag, copyFlags } from '../shared-flags.ts';
import { createFlaggedEngine, parsePartSize, partSizeFlag, transferFlags } from '../transfer-flags.ts';
import { writeOutputFile } from '../write-output-file.node.ts';

const resultDoc: ResultDoc<MirrorReport> = {
  isDryRun: 'Whether nothing was written, only told.',
  repositories:
    'Each repository with `source`, `target`, `tags`, `pruned` (tags that were deleted) and, if it failed as a whole, `error`. A tag has `tag`, `outcome` (`unchanged`, `copied`, `tagged`: given to an image that was there, `planned`: a dry run would copy it, `postponed`: for the rate limit, `failed`), `digest`, `blobs` and `bytes` that were sent, and `error` with `code`, `message` and `hint`.',
  totals: 'How many tags came out how, `blobs` and `bytes` sent, and `failedRepositories`.',
};

const flags = {
  file: {
    kind: 'text',
    value: 'FILE',
    group: 'What to copy',
    doc: 'Mirror the repositories of this YAML file (docs/mirror.md) instead of FROM.',
  },
  ...repositoryFlags,
  'refresh-referrers': {
    kind: 'switch',
    group: 'What to copy',
    doc: 'Ask also for what came to refer to images that did not change: some requests more for each.',
  },
  shard: {
    kind: 'text',
    value: 'I/N',
    group: 'What to copy',
    doc: 'Only the Ith of N shares of the repositories, so that N machines share one file. A repository belongs to the same share on all of them.',
  },
  'dry-run': { kind: 'switch', doc: 'Look at both sides and tell what would be done.' },
  'rate-limit-floor': {
    kind: 'integer',
    value: 'N',
    range: [0, 1_000_000_000],
    default: 0,
    group: 'Transfer',
    doc: 'Leave a registry that tells its rate limit so many requests: images that would take more are postponed to the next run.',
  },
  concurrency: { kind: 'integer', value: 'N', range: [1, 64], default: 8, group: 'Transfer', doc: 'Images to copy at once.' },
  report: { kind: 'text', value: 'FILE', group: 'Output', doc: 'Write the result as JSON to this file, whatever failed.' },
  trace: copyFlags.trace,
  ...transferFlags,
  ...connectionFlags,
  'part-size': partSizeFlag,
  bucket: bucketFlag,
} as const;

const arguments_ = {
  from: {
    value: 'FROM',
    doc: 'The repository of a registry, such as `docker.io/library/alpine`, or one tag of it. Not with `--file`.',
    required: false,
  },
  dest: {
    value: 'DEST',
    doc: 'Where it goes: `s3://BUCKET/NAME`, `NAME` in the default bucket, or a bucket, where its name stays what it is. The default bucket if left out.',
    required: false,
  },
} as const;

type Input = CommandInput<typeof arguments_, typeof flags>;

export const mirror: Command = defineCommand({
  name: 'mirror',
  doc: [
    'Keeps repositories of a bucket in step with those of registries: whole images, with all platforms, attestations and what refers to them, under the same digests. Each tag is asked for by one HEAD; only what changed is copied, straight from the registry into the bucket, without a byte on disk.',
    'One bad image stops no other: the exit code is 11 then, and the result says which. Run it as often as you like, and again after it was stopped: it does what is left.',
  ],
  arguments: arguments_,
  flags,
  examples: [
    'bucketry mirror docker.io/library/alpine s3://my-bucket/alpine',
    "bucketry mirror ghcr.io/org/app s3://my-bucket --semver '>=1.2 <2' --latest 5 --prune",
    'bucketry mirror --file mirror.yaml --shard 1/4 --report report.json',
  ],
  result: resultDoc,
  run: async (input, context) => {
    const { output, signal } = context;
    const { jobs, address } = await readJobs(input, context);
    const { shard: shardText, report: reportFile, concurrency, 'dry-run': isDryRun } = input.flags;
    const shard = shardText === undefined ? undefined : parseShard(shardText);
    const engine = createFlaggedEngine(input.flags);
    const report = await runMirror(shard ? jobs.filter(({ target }) => isInShard(target, shard)) : jobs, address, {
      connection: readConnectionFlags(input.flags, context),
      engine,
      partSizeBytes: parsePartSize(input.flags['part-size']),
      rateLimitFloor: input.flags['rate-limit-floor'],
      refreshReferrers: input.flags['refresh-referrers'],
      isDryRun,
      concurrency,
      signal,
      onRepository: (repository) => output.note(formatRepository(repository)),
    });
    if (reportFile !== undefined) await writeOutputFile(reportFile, 'report', `${JSON.stringify(report, undefined, 2)}\n`);
    output.result(report, formatMirror(report));
    const failure = failureOf(report);
    if (failure) throw failure;
  },
});

interface Jobs {
  readonly jobs: readonly MirrorJob[];
  readonly address: ResolvedBucketPlace['address'];
}

async function readJobs({ args, flags: given }: Input, { environment }: CommandContext): Promise<Jobs> {
  const options = { bucket: given.bucket, environment };
  if (given.file !== undefined) {
    refuseBesideFile(args.from, given);
    const { parseMirrorFile } = await import('../../mirror/parse-mirror-file.ts');
    const { bucket, jobs } = parseMirrorFile(await readMirrorFile(given.file), given.file);
    return { jobs, address: (await resolveBucket(bucket, options)).address };
  }
  if (args.from === undefined) throw new RegistryError('usage-invalid', 'Cannot run "bucketry mirror": FROM or --file is missing');
  const place = args.dest === undefined ? await resolveBucket(undefined, options) : await resolveBucketPlace(args.dest, options);
  if ((place.tag ?? place.digest) !== undefined) {
    throw new RegistryError('reference-invalid', `Cannot mirror to "${formatPlace(place)}": wanted a repository, without tag and digest`);
  }
  const name = place.repository ?? parseRegistryReference(args.from).repository;
  return { jobs: [readJob(args.from, name, given)], address: place.address };
}

/** What each repository of a file says for itself cannot be said for all of them here. */
function refuseBesideFile(from: string | undefined, given: FlagValues<typeof flags>): void {
  const { tags, platform, semver, latest, prune } = given;
  const isGiven = { tags: tags.length > 0, platform: platform.length > 0, semver: semver !== undefined, latest: latest > 0, prune };
  const others = { 'max-prune': given['max-prune'] !== repositoryFlags['max-prune'].default, 'no-referrers': given['no-referrers'] };
  const [name] = Object.entries({ ...isGiven, ...others }).find(([, value]) => value) ?? [];
  if (name !== undefined) {
    throw new RegistryError(
      'usage-invalid',
      `Cannot take --${name} with --file: the file says that of its repositories, or under "defaults"`,
    );
  }
  if (from !== undefined) {
    throw new RegistryError(
      'usage-invalid',
      `Cannot mirror ${JSON.stringify(from)} with --file: the file says what is mirrored, and to which bucket`,
    );
  }
}

async function readMirrorFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RegistryError('input-missing', `Cannot read "${path}"`, { cause: error });
  }
}
