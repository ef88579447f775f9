import { countPhases, type KillCell, type KillRun } from './kill-run.ts';
import type { KillPhase } from './kill-round.ts';

/** What `results.json` holds: the last run against each store, summed up. */
export interface KillResult {
  readonly store: string;
  readonly date: string;
  readonly seed: number;
  readonly rows: readonly KillRow[];
  /** Removed in the end by `rm --uploads`, and known to nobody. */
  readonly uploads: number;
  readonly staged: number;
  readonly orphans: number;
  /** Left in the end though it could be found. */
  readonly left: number;
}

/** All kills of pushes of one kind. */
export interface KillRow {
  readonly source: string;
  readonly kills: number;
  readonly phases: Readonly<Partial<Record<KillPhase, number>>>;
  readonly pushes: number;
  readonly missingBytes: number;
  readonly keptBytes: number;
  /** Undefined where the kernel does not tell. */
  readonly writtenBytes?: number | undefined;
  readonly violations: number;
}

/** Sums up a run. */
export function summarise(run: KillRun, date: string, seed: number): KillResult {
  const { uploads, staged, orphans } = run;
  return {
    store: run.cells[0]?.store ?? '',
    date,
    seed,
    rows: run.cells.map(summariseCell),
    uploads,
    staged,
    orphans,
    left: run.violations.length,
  };
}

function summariseCell(cell: KillCell): KillRow {
  const { source, rounds } = cell;
  const sum = (count: (round: KillCell['rounds'][number]) => number): number => rounds.reduce((total, round) => total + count(round), 0);
  return {
    source,
    kills: sum(({ phases }) => phases.length),
    phases: Object.fromEntries(countPhases(cell)),
    pushes: rounds.length,
    missingBytes: sum(({ missingBytes }) => missingBytes),
    keptBytes: sum(({ keptBytes }) => keptBytes),
    writtenBytes: rounds.some(({ writtenBytes }) => writtenBytes === undefined) ? undefined : sum(({ writtenBytes = 0 }) => writtenBytes),
    violations: sum(({ violations }) => violations.length),
  };
}

/** What went wrong in a run, in words. */
export function listViolations({ cells, violations }: KillRun): string[] {
  const ofRounds = cells.flatMap(({ store, source, rounds }) =>
    rounds.flatMap((round) => round.violations.map((one) => `${store}, ${source}: ${one}`)),
  );
  return [...ofRounds, ...violations];
}
