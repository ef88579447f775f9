import { forEachConcurrently } from '../../src/streams/concurrency.ts';
import { FAULT_MODES, type FaultMode } from '../s3-server/faults.ts';
import { noteStoreErrors } from './error-texts.ts';
import type { FaultOperation } from './fault-operations.ts';
import { prepareObjects, runUndisturbed, tryPoint } from './fault-point.ts';
import { type StoreName, storeNames } from './fault-stage.ts';

/** One cell of the table: a fault at every request of a command in turn, once with retries and once without. */
export interface FaultCell {
  readonly operation: string;
  readonly mode: FaultMode;
  readonly store: StoreName;
  /** Requests that were made to fail, one at a time, with and without retries together. */
  readonly points: number;
  /** Of these: commands that ended with an error, and were run again. */
  readonly failures: number;
  readonly orphans: number;
  readonly violations: readonly string[];
}

/** Points side by side: while one waits for a store that stalls, others go on. */
const concurrency = 8;
/** No command has so many requests: a loop that goes so far never ends. */
const maxPoints = 300;

/** What of the table to fill. */
export interface TableOptions {
  readonly stores?: readonly StoreName[];
  readonly modes?: readonly FaultMode[];
}

/** Fills the table's cells of one operation. */
export async function fillTable(
  operation: FaultOperation,
  { stores = operation.stores ?? storeNames, modes = FAULT_MODES }: TableOptions = {},
): Promise<FaultCell[]> {
  const before = await prepareObjects(operation);
  const cells: FaultCell[] = [];
  const stopNoting = noteStoreErrors();
  for (const store of stores) {
    const undisturbed = await runUndisturbed(operation, store, before);
    await forEachConcurrently(modes, concurrency, async (mode) => {
      const [retried, bare] = await Promise.all(
        [true, false].map((retries) => tryAllPoints({ operation, store, mode, retries, before, undisturbed })),
      );
      if (retried && bare) cells.push(joinCells(retried, bare));
    });
  }
  stopNoting();
  return sortCells(cells);
}

type PointKind = Omit<Parameters<typeof tryPoint>[0], 'at'>;

async function tryAllPoints(kind: PointKind): Promise<FaultCell> {
  const { operation, mode, store, retries } = kind;
  let [failures, orphans] = [0, 0];
  const violations: string[] = [];
  for (let at = 1; at <= maxPoints; at += 1) {
    const result = await tryPoint({ ...kind, at });
    violations.push(...result.violations.map((violation) => `request ${at}, ${retries ? 'with' : 'without'} retries: ${violation}`));
    orphans += result.orphans;
    failures += Number(result.hasFailed);
    if (!result.hasFired) return { operation: operation.name, mode, store, points: at - 1, failures, orphans, violations };
  }
  throw new Error(`Cannot try all requests of "${operation.name}": there are more than ${maxPoints}`);
}

function joinCells(a: FaultCell, b: FaultCell): FaultCell {
  return {
    ...a,
    points: a.points + b.points,
    failures: a.failures + b.failures,
    orphans: a.orphans + b.orphans,
    violations: [...a.violations, ...b.violations],
  };
}

function sortCells(cells: readonly FaultCell[]): FaultCell[] {
  const rank = ({ mode, store }: FaultCell): number => FAULT_MODES.indexOf(mode) * storeNames.length + storeNames.indexOf(store);
  return cells.toSorted((a, b) => rank(a) - rank(b));
}
