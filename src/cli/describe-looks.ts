import { type ClientProfile, everyoneMinds } from '../doctor/client-profiles.ts';
import type { BucketReport } from '../doctor/examine-bucket.ts';
import type { SiteReport } from '../doctor/examine-site.ts';
import { describeProblem, type Finding, type FindingContext, type Problem } from '../doctor/findings.ts';
import type { PullSubject } from '../doctor/pull-content.ts';
import { parseTag, type RepositoryName } from '../oci/repository-name.ts';
import type { ResolvedBucketPlace } from '../runtime/resolve-place.node.ts';
import { formatPlace } from '../transports/place.ts';
import type { ClientResult, DoctorResult } from './format-doctor.ts';
import { quoteWord } from './quote-word.ts';

/** What was seen at the address that clients pull from. */
export interface SiteLook {
  readonly report: SiteReport;
  readonly requests: number;
}

/** All that `doctor` has seen. */
export interface Looks {
  readonly place: ResolvedBucketPlace;
  /** Where clients pull from; undefined where nobody knows. */
  readonly origin: string | undefined;
  readonly bucket: BucketReport | undefined;
  readonly site: SiteLook | undefined;
  /** Those that were asked about. */
  readonly clients: readonly ClientProfile[];
}

/** The result of `doctor`. */
export function describeLooks({ place, origin, bucket, site, clients }: Looks): DoctorResult {
  const subject = site?.report.subject;
  const words = findWords(place, origin, subject?.name);
  const verdicts = site?.report.verdicts.filter(({ client }) => clients.includes(client)) ?? [];
  const remarks = site?.report.remarks ?? [];
  const findings = [
    ...describeFailures(verdicts, words),
    ...[...(origin === undefined ? [noAddress] : []), ...remarks, ...(bucket?.problems ?? [])].map((one) =>
      describeProblem(one, [], words),
    ),
  ];
  return {
    place: formatPlace(place),
    url: origin,
    image: subject && words.origin && formatImage(words.origin.host, subject),
    requests: site?.requests ?? 0,
    clients: verdicts.map(({ client, problem }) => describeClient(client, problem, remarks)),
    findings,
    store: bucket?.store,
    unseen: bucket?.unseen ?? [],
  };
}

/** What a user would type for what was looked at. */
function findWords(
  { address, repository }: ResolvedBucketPlace,
  origin: string | undefined,
  found: RepositoryName | undefined,
): FindingContext {
  const url = origin === undefined ? undefined : new URL(origin);
  if ('host' in address) return { origin: url };
  const name = found ?? repository;
  const image = name && formatPlace({ kind: 'bucket', address, repository: name, tag: parseTag('TAG') });
  return { origin: url, bucket: quoteWord(formatPlace({ kind: 'bucket', address })), image: image && quoteWord(image) };
}

/** As `docker pull` takes it. */
function formatImage(host: string, { name, reference }: PullSubject): string {
  return `${host}/${name}${reference.includes(':') ? '@' : ':'}${reference}`;
}

const noAddress: Problem = { id: 'no-public-address', seen: 'No public URL is recorded, and the store has none that is known' };

/** Each failure once, as the first client met it, with all the clients that fail of it. */
function describeFailures(verdicts: SiteReport['verdicts'], words: FindingContext): readonly Finding[] {
  const byId = Map.groupBy(verdicts, ({ problem }) => problem?.id);
  return [...byId.values()].flatMap((group) => {
    const [problem] = group.flatMap((one) => one.problem ?? []);
    const ids = group.map(({ client }) => client.id);
    return problem ? [describeProblem(problem, ids, words)] : [];
  });
}

function describeClient(
  { id, title, basis, minds }: ClientProfile,
  problem: Problem | undefined,
  remarks: readonly Problem[],
): ClientResult {
  const base = { client: id, title, basis };
  if (problem) return { ...base, verdict: 'fails', findings: [problem.id] };
  const about = remarks.map((remark) => remark.id).filter((remark) => minds.includes(remark) || everyoneMinds.includes(remark));
  return { ...base, verdict: about.length === 0 ? 'works' : 'works with a remark', findings: about };
}
