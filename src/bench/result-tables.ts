import type { BenchResult, ContestantResult, MachineLoad, NamedComparison, Summary } from './bench-result.ts';
import type { Table } from './format-columns.ts';
import { leastComparableRuns, type Spread, tieRatio } from './statistics.ts';

const mebibyte = 2 ** 20;

/**
 * The three that this project began with: an image into a registry, into a bucket over one connection, and over many. Of all who pushed to the registry the fastest stands there.
 * Undefined where not even two of them were measured.
 */
export function createShortTable(result: BenchResult): Table | undefined {
  const { contestants } = result;
  const measured = contestants.filter(({ summary }) => summary !== undefined);
  const registry = fastest(measured.filter(({ way }) => way === 'registry'));
  const isOnlyOne = contestants.filter(({ way }) => way === 'registry').length === 1;
  const rows = [registry, ...measured.filter(({ way }) => way === 'bucket')].filter((row) => row !== undefined);
  if (rows.length < 2) return undefined;
  const nameOf = (row: ContestantResult): string =>
    row === registry && !isOnlyOne ? `registry push, the fastest: ${row.isOwn ? 'bucketry' : row.name}` : row.title;
  return {
    columns: [
      { title: '', align: 'left' },
      { title: 'seconds', align: 'right' },
      { title: 'MiB/s', align: 'right' },
      { title: 'bucket, parallel is', align: 'left' },
    ],
    rows: rows.map((row) => [
      nameOf(row),
      row.summary === undefined ? '' : formatRange(row.summary.seconds, formatSeconds),
      row.summary === undefined ? '' : formatRange(row.summary.mibPerSecond, formatRate),
      formatComparison(result.comparisons.find((each) => each.with === row.name)),
    ]),
  };
}

/** Everybody, with all that was measured. */
export function createFullTable(result: BenchResult): Table {
  const titles = ['min s', 'median s', 'max s', 'MiB/s', 'CPU s/GiB', 'peak MiB'];
  return {
    columns: [
      { title: '', align: 'left' },
      ...titles.map((title) => ({ title, align: 'right' as const })),
      { title: 'bucket, parallel is', align: 'left' },
    ],
    rows: result.contestants.map((contestant) => [
      contestant.title,
      ...(contestant.summary === undefined ? titles.map(() => '') : formatSummary(contestant.summary)),
      contestant.summary === undefined ? 'failed' : formatComparison(result.comparisons.find((each) => each.with === contestant.name)),
    ]),
  };
}

/** How to read the tables: what a difference within noise is, how it was measured, and what each contestant did. */
export function explainTables({ comparisons, measuredBy, load, contestants, skipped, leftovers }: BenchResult): readonly string[] {
  const verdicts = new Set(comparisons.map(({ verdict }) => verdict));
  const percent = Math.round((tieRatio - 1) * 100);
  return [
    ...(verdicts.size === 0
      ? []
      : ['In parentheses: where 95 % of the ratios lie when the runs are drawn again at random (a bootstrap of both medians).']),
    ...(verdicts.has('within noise')
      ? [
          `Within noise: the medians lie less than ${percent} % apart, or those ratios lie on both sides of 1. It says nothing of who is faster.`,
        ]
      : []),
    ...(verdicts.has('too few runs') ? [`Too few runs: fewer than ${leastComparableRuns} of one of them.`] : []),
    ...(isBusy(load) ? [describeLoad(load)] : []),
    measuredBy,
    ...contestants.map(({ title, settings, failure }) => `${title}: ${settings}${failure === undefined ? '' : `. Failed: ${failure}`}`),
    ...skipped.map(({ name, reason }) => `Skipped ${name}: ${reason}`),
    ...leftovers.map((leftover) => `Still there: ${leftover}`),
  ];
}

/** Whether others want more of the machine than there is. */
export function isBusy({ before, processors }: MachineLoad): boolean {
  return before > processors;
}

/** For whoever is about to believe the figures. */
export function describeLoad({ before, processors }: MachineLoad): string {
  return `Others were at work: ${before.toFixed(1)} processes wanted ${processors} processors in the minute before. Times say little then.`;
}

/** `1 layer of 198 MiB`. */
export function describeImage({ layers, bytes }: Pick<BenchResult, 'layers' | 'bytes'>): string {
  const size = `${Number((bytes / layers / mebibyte).toFixed(1))} MiB`;
  return layers === 1 ? `1 layer of ${size}` : `${layers} layers of ${size}`;
}

/** Digits that still mean something: `0.41`, `7.90`, `12.3`. */
export function formatSeconds(seconds: number): string {
  return seconds.toFixed(seconds < 9.995 ? 2 : 1);
}

export function formatRate(mibPerSecond: number): string {
  return mibPerSecond.toFixed(mibPerSecond < 9.95 ? 1 : 0);
}

function formatSummary({ seconds, mibPerSecond, cpuSecondsPerGib, peakBytes }: Summary): readonly string[] {
  return [
    formatSeconds(seconds.min),
    formatSeconds(seconds.median),
    formatSeconds(seconds.max),
    formatRate(mibPerSecond.median),
    cpuSecondsPerGib === null ? '' : cpuSecondsPerGib.toFixed(2),
    peakBytes === null ? '' : (peakBytes / mebibyte).toFixed(0),
  ];
}

function formatRange({ min, max }: Spread, format: (value: number) => string): string {
  const [low, high] = [format(min), format(max)];
  return low === high ? low : `${low}–${high}`;
}

function formatComparison(comparison: NamedComparison | undefined): string {
  if (comparison === undefined) return '';
  const { ratio, low, high, verdict } = comparison;
  const range = `(${formatRatio(low)}–${formatRatio(high)})`;
  if (verdict === 'within noise' || verdict === 'too few runs') return `${verdict} ${range}`;
  return `${formatRatio(ratio)} × as fast ${range}`;
}

function formatRatio(ratio: number): string {
  return ratio < 0.95 ? ratio.toFixed(2) : ratio.toFixed(1);
}

function fastest(contestants: readonly ContestantResult[]): ContestantResult | undefined {
  const median = ({ summary }: ContestantResult): number => summary?.seconds.median ?? Number.POSITIVE_INFINITY;
  return contestants.toSorted((a, b) => median(a) - median(b))[0];
}
