import type { BenchRun } from './bench-run.ts';
import type { Contestant, Measurement, Way } from './contestant.ts';
import { compare, type Comparison, type Spread, summarize } from './statistics.ts';

/** All that a bench found out; the JSON of `bucketry bench`, described in docs/bench.md. Members are only added. */
export interface BenchResult {
  readonly date: string;
  readonly bucket: string;
  readonly registry?: string | undefined;
  readonly layers: number;
  /** Bytes of all layers: what each run sends. */
  readonly bytes: number;
  readonly rounds: number;
  readonly machine: string;
  readonly load: MachineLoad;
  /** How processor time and memory were found out, or why they are absent. */
  readonly measuredBy: string;
  /** In the order of tables. */
  readonly contestants: readonly ContestantResult[];
  /** How much faster the parallel push into the bucket is than each other one; empty where it was not measured. */
  readonly comparisons: readonly NamedComparison[];
  /** Who was asked for and could not take part, and why. */
  readonly skipped: readonly Skipped[];
  /** What could not be removed again, and why. */
  readonly leftovers: readonly string[];
}

export interface MachineLoad {
  /** Processes that wanted a processor, on average, in the minute before the bench began. */
  readonly before: number;
  readonly processors: number;
}

export interface ContestantResult {
  readonly name: string;
  readonly title: string;
  readonly way: Way;
  readonly settings: string;
  readonly isOwn: boolean;
  readonly runs: readonly RunResult[];
  /** Absent where no run ended well. */
  readonly summary?: Summary | undefined;
  /** Why it took no part in all rounds. */
  readonly failure?: string | undefined;
}

/** A run as JSON has it: what nobody could tell is null. */
export interface RunResult {
  readonly seconds: number;
  readonly cpuSeconds: number | null;
  readonly peakBytes: number | null;
}

export interface Summary {
  readonly seconds: Spread;
  readonly mibPerSecond: Spread;
  /** At the median run of each. */
  readonly cpuSecondsPerGib: number | null;
  readonly peakBytes: number | null;
}

export interface NamedComparison extends Comparison {
  /** Whom the parallel push is compared with. */
  readonly with: string;
}

export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

/** What is known of a bench beside its runs. */
export type BenchFrame = Omit<BenchResult, 'contestants' | 'comparisons' | 'leftovers'>;

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
/** Whom the others are compared with. */
const yardstick = 'bucket-parallel';

/** Puts the runs of a bench together, contestants in the order given; `leftovers` are those of no single run. */
export function createBenchResult(
  frame: BenchFrame,
  contestants: readonly Contestant[],
  runs: readonly BenchRun[],
  leftovers: readonly string[] = [],
): BenchResult {
  const results = contestants.map((contestant) =>
    collectRuns(
      contestant,
      runs.filter((run) => run.contestant === contestant),
      frame.bytes,
    ),
  );
  return {
    ...frame,
    contestants: results,
    comparisons: compareAll(results),
    leftovers: [...new Set([...runs.flatMap((run) => run.leftovers), ...leftovers])],
  };
}

function collectRuns(contestant: Contestant, runs: readonly BenchRun[], bytes: number): ContestantResult {
  const { name, title, way, settings, isOwn } = contestant;
  const measurements = runs.flatMap(({ result }) => (result.kind === 'measured' ? [result.measurement] : []));
  const failure = runs.flatMap(({ result }) => (result.kind === 'failed' ? [result.reason] : []))[0];
  const summary = measurements.length === 0 ? undefined : summarizeRuns(measurements, bytes);
  return { name, title, way, settings, isOwn, runs: measurements.map(describeRun), summary, failure };
}

function describeRun({ wallMs, cpuMs, peakBytes }: Measurement): RunResult {
  return { seconds: wallMs / 1000, cpuSeconds: cpuMs === undefined ? null : cpuMs / 1000, peakBytes: peakBytes ?? null };
}

function summarizeRuns(runs: readonly Measurement[], bytes: number): Summary {
  const seconds = summarize(runs.map(({ wallMs }) => wallMs / 1000));
  const rate = (duration: number): number => bytes / mebibyte / duration;
  const cpuMs = medianOfKnown(runs.map((run) => run.cpuMs));
  return {
    seconds,
    mibPerSecond: { min: rate(seconds.max), median: rate(seconds.median), max: rate(seconds.min) },
    cpuSecondsPerGib: cpuMs === null ? null : cpuMs / 1000 / (bytes / gibibyte),
    peakBytes: medianOfKnown(runs.map((run) => run.peakBytes)),
  };
}

/** Null where one of them is not known. */
function medianOfKnown(values: readonly (number | undefined)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === values.length ? summarize(known).median : null;
}

function compareAll(results: readonly ContestantResult[]): readonly NamedComparison[] {
  const secondsOf = ({ runs }: ContestantResult): number[] => runs.map(({ seconds }) => seconds);
  const own = results.find(({ name, summary }) => name === yardstick && summary !== undefined);
  if (own === undefined) return [];
  const others = results.filter((result) => result !== own && result.summary !== undefined);
  return others.map((other) => ({ with: other.name, ...compare(secondsOf(own), secondsOf(other)) }));
}
