import { forEachConcurrently } from '../streams/concurrency.ts';
import { createGate } from '../streams/gate.ts';
import type { MirrorJob, MirrorManner } from './mirror-job.ts';
import { type MirrorReport, type RepositoryReport, totalsOf } from './mirror-report.ts';
import { mirrorRepository } from './mirror-repository.ts';
import type { MirrorSource } from './mirror-source.ts';
import type { MirrorTarget } from './mirror-target.ts';
import type { Quotas } from './quotas.ts';

/** Where repositories are found, and how the work is done. */
export interface MirrorOptions extends MirrorManner {
  openSource(job: MirrorJob): MirrorSource;
  openTarget(job: MirrorJob): MirrorTarget;
  readonly quotas: Quotas;
  /** Images at once, of all repositories. */
  readonly concurrency: number;
  /** Is told of each repository when it is done. */
  readonly onRepository?: ((report: RepositoryReport) => void) | undefined;
}

/** Repositories that are looked at at once. */
const maxRepositories = 8;

/**
 * Keeps repositories in step with those of registries. Nothing is kept between runs: what stands in the target is what the next run compares with, so that a run that was stopped
 * anywhere is ended by the next.
 * @throws CodedError `aborted`; all else is in the report
 */
export async function mirror(jobs: readonly MirrorJob[], options: MirrorOptions): Promise<MirrorReport> {
  const { isDryRun = false, refreshReferrers, quotas, signal } = options;
  const gate = createGate(options.concurrency);
  const reports = new Map<MirrorJob, RepositoryReport>();
  await forEachConcurrently(
    jobs,
    maxRepositories,
    async (job, one) => {
      const source = options.openSource(job);
      try {
        const target = options.openTarget(job);
        const report = await mirrorRepository(job, { source, target, gate, quotas, isDryRun, refreshReferrers, signal: one });
        reports.set(job, report);
        options.onRepository?.(report);
      } finally {
        await source.close();
      }
    },
    signal,
  );
  const repositories = jobs.flatMap((job) => reports.get(job) ?? []);
  return { isDryRun, repositories, totals: totalsOf(repositories) };
}
