import { hasCode } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/codes.ts';

/** A failure, as a report tells it. */
export interface ReportedError {
  readonly code: ErrorCode | 'internal';
  readonly message: string;
  readonly hint?: string | undefined;
}

/**
 * What became of a tag. `tagged`: its image was in the target already, under another tag. `planned`: a dry run would have copied it. `postponed`: the registry's limit is
 * used up as far as it may be.
 */
export type TagOutcome = 'unchanged' | 'copied' | 'tagged' | 'planned' | 'postponed' | 'failed';

/** One tag. */
export interface TagReport {
  readonly tag: string;
  readonly outcome: TagOutcome;
  /** What the tag names in the target, or would. */
  readonly digest?: string | undefined;
  /** Blobs sent, and their bytes. */
  readonly blobs?: number | undefined;
  readonly bytes?: number | undefined;
  readonly error?: ReportedError | undefined;
}

/** One repository. */
export interface RepositoryReport {
  readonly source: string;
  readonly target: string;
  readonly tags: readonly TagReport[];
  /** Tags that were deleted, or in a dry run would have been. */
  readonly pruned: readonly string[];
  /** What failed besides single tags: the list of tags, the deletion. */
  readonly error?: ReportedError | undefined;
}

/** How many tags came out how. */
export type MirrorTotals = Readonly<Record<TagOutcome | 'pruned' | 'blobs' | 'bytes', number>> & {
  /** Repositories that failed besides single tags. */
  readonly failedRepositories: number;
};

/** All of a run. */
export interface MirrorReport {
  readonly isDryRun: boolean;
  readonly repositories: readonly RepositoryReport[];
  readonly totals: MirrorTotals;
}

/** Adds up a report. */
export function totalsOf(repositories: readonly RepositoryReport[]): MirrorTotals {
  const tags = repositories.flatMap((repository) => repository.tags);
  const count = (outcome: TagOutcome): number => tags.filter((tag) => tag.outcome === outcome).length;
  const sum = (member: 'blobs' | 'bytes'): number => tags.reduce((total, tag) => total + (tag[member] ?? 0), 0);
  return {
    unchanged: count('unchanged'),
    copied: count('copied'),
    tagged: count('tagged'),
    planned: count('planned'),
    postponed: count('postponed'),
    failed: count('failed'),
    pruned: repositories.reduce((total, { pruned }) => total + pruned.length, 0),
    blobs: sum('blobs'),
    bytes: sum('bytes'),
    failedRepositories: repositories.filter(({ error }) => error !== undefined).length,
  };
}

/** An error as a report tells it; its message holds no secret, as no coded error's does. */
export function reportFailure(error: unknown): ReportedError {
  if (hasCode(error)) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
