import { RegistryError } from '../errors/registry-error.ts';
import type { MirrorReport, MirrorTotals, RepositoryReport } from '../mirror/mirror-report.ts';
import { totalsOf } from '../mirror/mirror-report.ts';
import { formatBytes, formatCount } from './output/format-quantity.ts';

/** A line for a repository that is done, and one for each thing that failed in it. */
export function formatRepository(report: RepositoryReport): string {
  const failures = report.tags.flatMap(({ tag, error }) => (error ? [`  failed: ${tag}: ${error.message}`] : []));
  if (report.error) failures.push(`  failed: ${report.error.message}`);
  return [`${report.source}: ${formatTotals(totalsOf([report]))}`, ...failures].join('\n');
}

/** All of a run, for people. */
export function formatMirror({ isDryRun, repositories, totals }: MirrorReport): string {
  const ahead = isDryRun ? 'Dry run, nothing was written: ' : 'Mirrored ';
  return `${ahead}${repositories.length} ${repositories.length === 1 ? 'repository' : 'repositories'}: ${formatTotals(totals)}`;
}

function formatTotals(totals: MirrorTotals): string {
  const outcomes = (['copied', 'tagged', 'planned', 'unchanged', 'pruned', 'postponed', 'failed'] as const)
    .filter((outcome) => totals[outcome] > 0)
    .map((outcome) => `${totals[outcome]} ${outcome}`);
  const sent = totals.blobs === 0 ? '' : `, ${formatCount(totals.blobs, 'blob')} sent, ${formatBytes(totals.bytes)}`;
  return `${outcomes.length === 0 ? 'no tags' : outcomes.join(', ')}${sent}`;
}

/** What a run that did not do all of its work ends with; undefined for one that did. */
export function failureOf({ totals }: MirrorReport): RegistryError | undefined {
  const { failed, failedRepositories, postponed } = totals;
  if (failed + failedRepositories > 0) {
    const parts = [failed > 0 && formatCount(failed, 'tag'), failedRepositories > 0 && `${failedRepositories} whole`];
    return new RegistryError('mirror-incomplete', `Cannot mirror all: ${parts.filter((part) => part !== false).join(' and ')} failed`, {
      hint: 'The result says which, and why. What was mirrored is there; run it again for the rest.',
    });
  }
  if (postponed === 0) return undefined;
  return new RegistryError('rate-limited', `Cannot mirror all: ${formatCount(postponed, 'tag')} postponed, for the registry's rate limit`, {
    hint: 'Run it again when the limit has been renewed, or log in: logged-in users have a higher one.',
  });
}
