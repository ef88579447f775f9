import type { Finding } from '../doctor/findings.ts';
import type { StoreFindings } from '../doctor/probe-store.ts';
import { formatCount } from './output/format-quantity.ts';
import { formatTerms } from './wrap.ts';

/** What a client is told by its id. */
export interface ClientResult {
  readonly client: string;
  readonly title: string;
  readonly verdict: 'works' | 'works with a remark' | 'fails';
  /** Ids of the findings that it fails of, or that are remarks about it. */
  readonly findings: readonly string[];
  /** `tried`: the tests of bucketry compare verdicts with this client itself. `sources`: it is known from its sources. */
  readonly basis: 'tried' | 'sources';
}

/** The JSON result of `bucketry doctor`. */
export interface DoctorResult {
  readonly place: string;
  readonly url?: string | undefined;
  readonly image?: string | undefined;
  readonly requests: number;
  readonly clients: readonly ClientResult[];
  readonly findings: readonly Finding[];
  readonly store?: StoreFindings | undefined;
  readonly unseen: readonly string[];
}

const width = 110;

/** The result of `doctor` for people: a table of clients, then each finding with what mends it. */
export function formatDoctor({ place, url, image, requests, clients, findings, unseen }: DoctorResult): string {
  const sections = [url === undefined || place.startsWith(url) ? place : `${place}, public at ${url}`];
  if (image !== undefined) sections.push(`Pulls of ${image} (${formatCount(requests, 'request')})\n${formatClients(clients)}`);
  sections.push(...findings.map(formatFinding));
  if (findings.length === 0) sections.push('Nothing to be said.');
  if (unseen.length > 0) sections.push(['Not looked at', ...unseen.map((sentence) => `  ${sentence}`)].join('\n'));
  return sections.join('\n\n');
}

function formatClients(clients: readonly ClientResult[]): string {
  const longest = Math.max(0, ...clients.map(({ title }) => title.length));
  return clients
    .map(
      ({ title, verdict, findings }) => `  ${title.padEnd(longest)}  ${verdict}${findings.length === 0 ? '' : `: ${findings.join(', ')}`}`,
    )
    .join('\n');
}

function formatFinding({ id, title, seen, fix, fails }: Finding): string {
  const rows: (readonly [string, string])[] = [['seen', seen]];
  if (fails.length > 0) rows.push(['fails', fails.join(', ')]);
  rows.push(['fix', fix]);
  return `${id}: ${title}\n${formatTerms(rows, width)}`;
}
