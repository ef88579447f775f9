import { resolveS3Endpoint } from '../../bucket/s3/s3-endpoint.ts';
import { openSite } from '../../doctor/ask-site.ts';
import { type ClientProfile, clientNames, clientProfiles, findClient } from '../../doctor/client-profiles.ts';
import { type BucketReport, examineBucket } from '../../doctor/examine-bucket.ts';
import { examineSite } from '../../doctor/examine-site.ts';
import { findSubject } from '../../doctor/find-subject.ts';
import { RegistryError } from '../../errors/registry-error.ts';
import type { BucketFormat } from '../../layout/format-version.ts';
import { formatKey } from '../../layout/keys.ts';
import { readBucketFormat } from '../../registry/bucket-format.ts';
import { resolveS3Settings } from '../../runtime/aws-profile.node.ts';
import type { ConnectionOptions } from '../../runtime/connection-options.ts';
import { openBucket, openBucketAdmin } from '../../runtime/open-bucket.node.ts';
import { openRegistryHttp } from '../../runtime/open-registry.node.ts';
import { type ResolvedBucketPlace, resolveBucket, resolveBucketPlace } from '../../runtime/resolve-place.node.ts';
import { systemClock } from '../../streams/clock.ts';
import { type Command, type CommandContext, defineCommand, type ResultDoc } from '../command.ts';
import { connectionFlags, readConnectionFlags } from '../connection-flags.ts';
import { describeLooks, type SiteLook } from '../describe-looks.ts';
import { type DoctorResult, formatDoctor } from '../format-doctor.ts';
import { parsePublicUrl } from '../parse-public-url.ts';
import { suggest } from '../suggest.ts';

const resultDoc: ResultDoc<DoctorResult> = {
  place: 'What was looked at.',
  url: 'Where clients pull from, if that is known.',
  image: 'The image whose pull was replayed, if there is one.',
  requests: 'Requests sent to `url`, redirects included.',
  clients:
    'For each client: `client` (as `--for` names it), `title`, `verdict` (`works`, `works with a remark`, `fails`), `findings` (ids) and `basis` (`tried`: compared with the client itself by tests; `sources`).',
  findings: 'Each finding: `id`, `title`, `seen`, `fix`, and `fails`, the clients that cannot pull because of it.',
  store: 'What the store was seen to do, as in the result of `init`. Absent without credentials and with `--read-only`.',
  unseen: 'What these credentials may not look at, a sentence each.',
};

export const doctor: Command = defineCommand({
  name: 'doctor',
  doc: [
    'Says which clients can pull from a host or a bucket, and what to do where they cannot. It asks for what each client asks for when it pulls an image by tag, judges the answers as that client would, and looks at caching, ranges, redirects and clocks besides.',
    'Of a bucket (`s3://`, `r2://`, `file:`) it also finds out what the store can do, on objects that it removes again, and looks for settings that endanger images. Clients are then replayed at the public URL that `init` recorded, or at the virtual host of AWS.',
    'Its exit code is 12 when a client cannot pull: any of them, or one that `--for` names.',
  ],
  arguments: {
    place: {
      value: 'PLACE',
      doc: 'A host or an image there (`https://HOST/NAME:TAG`), or a bucket or an image in it; the default bucket if left out. Without a name, one is taken from the catalog; without a tag, `latest` or the first one.',
      required: false,
    },
  },
  flags: {
    for: { kind: 'list', value: 'CLIENT', doc: `Only these clients: ${clientNames.map((name) => `\`${name}\``).join(', ')}.` },
    'read-only': { kind: 'switch', doc: 'Write nothing into the bucket: what its store can do is then not found out.' },
    'public-url': { kind: 'text', value: 'URL', doc: 'Of a bucket: replay clients here, whatever is recorded.' },
    ...connectionFlags,
  },
  examples: [
    'bucketry doctor https://images.example.com/team/app:1.0',
    'bucketry doctor s3://my-bucket/team/app --for docker,kubernetes',
    'bucketry doctor r2://my-bucket --read-only --json',
  ],
  result: resultDoc,
  run: async ({ args, flags }, context) => {
    const { output, signal } = context;
    const clients = flags.for.length === 0 ? clientProfiles : flags.for.map(parseClient);
    const given = flags['public-url'] === undefined ? undefined : parsePublicUrl(flags['public-url']);
    const place = await resolve(args.place, context);
    const connection = readConnectionFlags(flags, context);
    const { environment } = connection;
    const bucket = 'host' in place.address ? undefined : await lookAtBucket(place, { environment, signal, isReadOnly: flags['read-only'] });
    const origin = given ?? bucket?.format?.publicUrl ?? (await findOrigin(place.address, environment));
    const site = origin === undefined ? undefined : await lookAtSite(new URL(origin), place, connection, signal);
    const result = describeLooks({ place, origin, bucket: bucket?.report, site, clients });
    output.result(result, formatDoctor(result));
    refuseFailures(result);
  },
});

function parseClient(name: string): ClientProfile {
  const client = findClient(name.toLowerCase());
  if (client) return client;
  const near = suggest(name, clientNames);
  throw new RegistryError('usage-invalid', `Cannot replay ${JSON.stringify(name)}: no client is known by this name`, {
    hint: near === undefined ? `Known are ${clientNames.join(', ')}.` : `Did you mean "${near}"?`,
  });
}

function resolve(text: string | undefined, { environment }: CommandContext): Promise<ResolvedBucketPlace> {
  return text === undefined ? resolveBucket(text, { environment }) : resolveBucketPlace(text, { environment });
}

async function lookAtBucket(
  { address }: ResolvedBucketPlace,
  { environment, signal, isReadOnly }: Pick<CommandContext, 'environment' | 'signal'> & { readonly isReadOnly: boolean },
): Promise<{ readonly report: BucketReport; readonly format: BucketFormat | undefined }> {
  const bucket = await openBucket(address, { environment, signal });
  try {
    const format = await readBucketFormat(bucket, { signal });
    const admin = await openBucketAdmin(address, environment);
    const run = crypto.randomUUID();
    const makeProbeKey = isReadOnly ? undefined : (name: string) => formatKey({ kind: 'staging', id: `probe-${run}-${name}` });
    return { format, report: await examineBucket({ bucket, admin, format, makeProbeKey, signal }) };
  } finally {
    await bucket.close();
  }
}

/** Where clients reach a place of which nothing is recorded: a host is reached as it says, a bucket of AWS at its virtual host. */
async function findOrigin(
  address: ResolvedBucketPlace['address'],
  environment: CommandContext['environment'],
): Promise<string | undefined> {
  if ('host' in address) return `${address.kind}://${address.host}`;
  if (address.kind === 'file') return undefined;
  const endpoint = resolveS3Endpoint((await resolveS3Settings(address, environment)).place);
  return endpoint.isAws && !endpoint.isPathStyle ? endpoint.url().origin : undefined;
}

async function lookAtSite(origin: URL, place: ResolvedBucketPlace, connection: ConnectionOptions, signal: AbortSignal): Promise<SiteLook> {
  const { environment, insecure = false } = connection;
  const http = await openRegistryHttp(origin.host, { environment, insecure });
  try {
    const site = openSite({ origin, http, signal });
    const subject = await findSubject(site, place);
    return { report: await examineSite(site, subject, systemClock), requests: site.countRequests() };
  } finally {
    await http.close();
  }
}

/** @throws RegistryError `pull-impossible` */
function refuseFailures({ place, image, clients }: DoctorResult): void {
  if (image === undefined) throw new RegistryError('pull-impossible', `Cannot tell where clients pull from ${JSON.stringify(place)}`);
  const failed = clients.filter(({ verdict }) => verdict === 'fails').map(({ client }) => client);
  if (failed.length === 0) return;
  throw new RegistryError('pull-impossible', `${failed.length} of ${clients.length} clients cannot pull ${image}: ${failed.join(', ')}`, {
    hint: 'What mends it stands beside each finding above.',
  });
}
