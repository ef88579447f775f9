import { isLoopbackHost } from '../http/host-kind.ts';
import { readHttpDateMs } from '../http/retry-after.ts';
import { formatKey } from '../layout/keys.ts';
import type { Clock } from '../streams/clock.ts';
import { mapConcurrently } from '../streams/concurrency.ts';
import { parseTag } from '../oci/repository-name.ts';
import type { Site, SiteRequest } from './ask-site.ts';
import type { FindingId } from './finding-texts.ts';
import type { Problem } from './findings.ts';
import { manifestRequest, type PullContent, requestFor, tagPath } from './pull-content.ts';
import { contentEncodingOf, type SiteAnswer } from './site-answer.ts';

interface CheckContext {
  readonly site: Site;
  readonly content: PullContent;
  readonly clock: Clock;
}

/** Looks at one thing that no pull fails of by itself. Returns what was seen where there is something to be said. */
type SiteCheck = (context: CheckContext) => Promise<string | undefined>;

const maxSkewMs = 60_000;

/** What is worth a remark, in the order of the report. */
const checks: readonly (readonly [FindingId, SiteCheck])[] = [
  [
    'plain-http',
    async ({ site: { origin } }) => (origin.protocol === 'http:' && !isLoopbackHost(origin.hostname) ? origin.origin : undefined),
  ],
  [
    'encoding-added',
    async (context) => {
      const answer = await askFor('tag', context);
      const coding = answer?.status === 200 ? contentEncodingOf(answer) : undefined;
      return coding && `GET ${pathOf(answer)}: content-encoding: ${coding}`;
    },
  ],
  [
    'digest-header-missing',
    async (context) => {
      const answer = await askFor('tag-head', context);
      return answer?.status === 200 && answer.headers['docker-content-digest'] === undefined ? `HEAD ${pathOf(answer)}` : undefined;
    },
  ],
  ['tags-cached', async (context) => describeCaching(await askFor('tag', context), 200)],
  [
    'missing-answers-403',
    async (context) => {
      const answer = await context.site.ask(missingTag(context.content));
      return answer.status === 403 ? `GET ${pathOf(answer)}: 403` : undefined;
    },
  ],
  [
    'referrers-partly',
    async ({ site, content }) => {
      const paths = listReferrersPaths(content);
      const statuses = await mapConcurrently(paths, paths.length, async (path) => (await site.ask(manifestRequest(path))).status);
      const gap = statuses.findIndex((status) => status !== 200);
      return gap >= 0 && statuses.includes(200) ? `GET /${paths[gap]}: ${statuses[gap]}` : undefined;
    },
  ],
  ['missing-cached', async ({ site, content }) => describeCaching(await site.ask(missingTag(content)), 404, 403)],
  [
    'ranges-ignored',
    async (context) => {
      const { layer, config } = context.content;
      const blob = layer ?? config;
      const request = requestFor(layer ? 'layer' : 'config', context.content);
      if (!blob || !request || blob.size < 2 || (await context.site.ask(request)).status !== 200) return undefined;
      const answer = await context.site.ask({ ...request, headers: { range: 'bytes=1-1' } });
      const isRight = answer.status === 206 && answer.headers['content-range'] === `bytes 1-1/${blob.size}` && answer.body.byteLength === 1;
      return isRight
        ? undefined
        : `GET ${pathOf(answer)} with Range: bytes=1-1: ${answer.status} ${answer.headers['content-range'] ?? ''}`.trim();
    },
  ],
  [
    'query-refused',
    async (context) => {
      const request = requestFor('tag', context.content);
      if (!request || (await context.site.ask(request)).status !== 200) return undefined;
      const answer = await context.site.ask({ ...request, query: '?ns=registry.example' });
      return answer.status === 200 ? undefined : `GET ${pathOf(answer)}?ns=registry.example: ${answer.status}`;
    },
  ],
  [
    'clock-off',
    async (context) => {
      const answer = await askFor('api', context);
      const theirsMs = readHttpDateMs(answer?.headers['date']);
      const skewMs = theirsMs === undefined ? 0 : context.clock.now() - theirsMs;
      return Math.abs(skewMs) > maxSkewMs
        ? `This machine is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead' : 'behind'}`
        : undefined;
    },
  ],
  [
    'listing-public',
    async ({ site }) => {
      const answer = await site.ask({ path: '', query: '?list-type=2&max-keys=1' });
      return answer.status === 200 && new TextDecoder().decode(answer.body).includes('<ListBucketResult')
        ? 'GET /?list-type=2: 200'
        : undefined;
    },
  ],
  [
    'format-public',
    async ({ site }) => {
      const answer = await site.ask({ path: formatKey({ kind: 'format' }) });
      return answer.status === 200 ? `GET ${pathOf(answer)}: 200` : undefined;
    },
  ],
];

/** All remarks on a host, whichever clients they are about. */
export async function checkSite(context: CheckContext): Promise<readonly Problem[]> {
  const problems = await mapConcurrently(checks, checks.length, async ([id, check]): Promise<readonly Problem[]> => {
    const seen = await check(context);
    return seen === undefined ? [] : [{ id, seen }];
  });
  return problems.flat();
}

function askFor(ask: 'api' | 'tag' | 'tag-head', { site, content }: CheckContext): Promise<SiteAnswer> | undefined {
  const request = requestFor(ask, content);
  return request && site.ask(request);
}

/** Of the root and of what is below it, each once. */
function listReferrersPaths({ subject: { name }, root, image, attestation }: PullContent): readonly string[] {
  const digests = [root, image, attestation].flatMap((one) => (one ? [one.digest] : []));
  return [...new Set(digests)].map((digest) => formatKey({ kind: 'referrers', name, digest }));
}

/** Nobody pushes this one. */
function missingTag({ subject }: PullContent): SiteRequest {
  return { path: tagPath({ ...subject, reference: parseTag('bucketry-doctor-asks-for-what-is-not-there') }) };
}

/** What lets caches between give the answer again without asking; undefined where nothing does. */
function describeCaching(answer: SiteAnswer | undefined, ...statuses: readonly number[]): string | undefined {
  if (!answer || !statuses.includes(answer.status)) return undefined;
  const { 'cache-control': control = '', age } = answer.headers;
  const lifetime = /(?:^|[\s,])(?:s-maxage|max-age)\s*=\s*"?(\d{1,10})/i.exec(control)?.[1];
  const isKept = Number(lifetime ?? 0) > 0 && !/no-cache|no-store/i.test(control);
  if (!isKept && !(Number(age ?? 0) > 0)) return undefined;
  return `GET ${pathOf(answer)}: ${answer.status}, cache-control: ${control.slice(0, 100) || '(none)'}${age === undefined ? '' : `, age: ${age.slice(0, 12)}`}`;
}

function pathOf(answer: SiteAnswer | undefined): string {
  return answer?.urls[0]?.pathname ?? '';
}
