import { compare, summarize } from '../../src/bench/statistics.ts';
import type { ContestantResult, Run, ScenarioResult } from '../results.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** What a cell is made of. */
interface Row {
  readonly contestant: ContestantResult;
  readonly own: ContestantResult;
  readonly movedBytes: number | undefined;
}

interface Column {
  readonly title: string;
  /** Empty where there is nothing to say; a column without anything is left out. */
  readonly cell: (row: Row) => string;
}

const columns: readonly Column[] = [
  { title: '', cell: ({ contestant }) => contestant.name },
  { title: 'min s', cell: ({ contestant }) => secondsOf(contestant, 'min') },
  { title: 'median s', cell: ({ contestant }) => secondsOf(contestant, 'median') },
  { title: 'max s', cell: ({ contestant }) => secondsOf(contestant, 'max') },
  {
    title: 'MiB/s',
    cell: ({ contestant, movedBytes }) =>
      movedBytes === undefined ? '' : (movedBytes / mebibyte / medianOf(contestant, ({ wallMs }) => wallMs / 1000)).toFixed(0),
  },
  { title: 'CPU s', cell: ({ contestant }) => medianOf(contestant, ({ cpuMs }) => cpuMs / 1000).toFixed(2) },
  {
    title: 'CPU s/GiB',
    cell: ({ contestant, movedBytes }) =>
      movedBytes === undefined ? '' : ((medianOf(contestant, ({ cpuMs }) => cpuMs / 1000) * gibibyte) / movedBytes).toFixed(2),
  },
  { title: 'servers’ CPU s', cell: ({ contestant }) => medianOf(contestant, ({ serversCpuMs }) => serversCpuMs / 1000).toFixed(2) },
  { title: 'peak MiB', cell: ({ contestant }) => medianOf(contestant, ({ peakBytes }) => peakBytes / mebibyte).toFixed(0) },
  { title: 'requests', cell: ({ contestant: { requests } }) => (requests === undefined ? '' : String(requests.count)) },
  { title: 'in sequence', cell: ({ contestant: { requests } }) => (requests === undefined ? '' : String(requests.inSequence)) },
  { title: 'ours is', cell: ({ contestant, own }) => (contestant === own ? '' : formatComparison(own, contestant)) },
];

/** A result as a Markdown table, which is readable on a terminal too. */
export function formatTable({ contestants, movedBytes }: ScenarioResult): string {
  const [own] = contestants;
  if (own === undefined) return 'Nobody took part.';
  const rows = contestants.map((contestant): Row => ({ contestant, own, movedBytes }));
  const texts = columns
    .map(({ title, cell }) => ({ title, cells: rows.map(cell) }))
    .filter(({ cells }) => cells.some((text) => text !== ''));
  const widths = texts.map(({ title, cells }) => Math.max(...[title, ...cells].map(({ length }) => length)));
  const line = (words: readonly string[]): string => `| ${words.map((word, index) => pad(word, widths[index] ?? 0, index)).join(' | ')} |`;
  const rule = widths.map((width, index) => (index === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [
    line(texts.map(({ title }) => title)),
    `| ${rule.join(' | ')} |`,
    ...rows.map((_, index) => line(texts.map(({ cells }) => cells[index] ?? ''))),
  ].join('\n');
}

function pad(word: string, width: number, index: number): string {
  return index === 0 ? word.padEnd(width) : word.padStart(width);
}

function medianOf({ runs }: ContestantResult, read: (run: Run) => number): number {
  return summarize(runs.map(read)).median;
}

function secondsOf({ runs }: ContestantResult, which: 'min' | 'median' | 'max'): string {
  const seconds = summarize(runs.map(({ wallMs }) => wallMs / 1000));
  return seconds[which].toFixed(seconds.median < 1 ? 3 : 2);
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
