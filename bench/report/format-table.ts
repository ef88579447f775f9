import type { ContestantResult, ScenarioResult } from '../results.ts';
import { compare, summarize } from '../../src/bench/statistics.ts';

const mebibyte = 2 ** 20;

/** The columns of a result's table, in Markdown's own words. */
const header = [
  '',
  'median s',
  'min–max',
  'MiB/s',
  'CPU s',
  'servers’ CPU s',
  'peak MiB',
  'requests',
  'in sequence',
  'bucketry is',
] as const;

/** A result as a Markdown table, which is readable on a terminal too. */
export function formatTable(result: ScenarioResult): string {
  const own = result.contestants[0];
  const rows = result.contestants.map((contestant) => formatRow(contestant, own, result.movedBytes));
  const widths = header.map((title, index) => Math.max(...[title, ...rows.map((row) => row[index] ?? '')].map((cell) => cell.length)));
  const format = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => pad(cell, widths[index] ?? 0, index)).join(' | ')} |`;
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [format(header), `| ${rule.join(' | ')} |`, ...rows.map(format)].join('\n');
}

function pad(cell: string, width: number, index: number): string {
  return index === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function formatRow(contestant: ContestantResult, own: ContestantResult | undefined, movedBytes: number | undefined): readonly string[] {
  const { name, runs, requests } = contestant;
  const seconds = summarize(runs.map(({ wallMs }) => wallMs / 1000));
  const digits = seconds.median < 1 ? 3 : 2;
  return [
    name,
    seconds.median.toFixed(digits),
    `${seconds.min.toFixed(digits)}–${seconds.max.toFixed(digits)}`,
    movedBytes === undefined ? '' : (movedBytes / mebibyte / seconds.median).toFixed(0),
    summarize(runs.map(({ cpuMs }) => cpuMs / 1000)).median.toFixed(2),
    summarize(runs.map(({ serversCpuMs }) => serversCpuMs / 1000)).median.toFixed(2),
    summarize(runs.map(({ peakBytes }) => peakBytes / mebibyte)).median.toFixed(0),
    requests === undefined ? '' : String(requests.count),
    requests === undefined ? '' : String(requests.inSequence),
    own === undefined || own === contestant ? '' : formatComparison(own, contestant),
  ];
}

/** How much faster ours is, or that it cannot be said. */
function formatComparison(own: ContestantResult, other: ContestantResult): string {
  const { ratio, low, high, verdict } = compare(
    own.runs.map(({ wallMs }) => wallMs),
    other.runs.map(({ wallMs }) => wallMs),
  );
  const range = `(${low.toFixed(1)}–${high.toFixed(1)})`;
  if (verdict === 'within noise' || verdict === 'too few runs') return `${verdict} ${range}`;
  return `${ratio.toFixed(1)} × as fast ${range}`;
}
