import type { BenchResult, ContestantResult } from './bench-result.ts';
import { formatColumns } from './format-columns.ts';
import { formatPlot, type PlotBar } from './format-plot.ts';
import { createFullTable, createShortTable, describeImage, explainTables, formatRate, formatSeconds } from './result-tables.ts';

/** A result for a terminal. */
export function formatResult(result: BenchResult): string {
  const short = createShortTable(result);
  return [
    formatHeading(result),
    ...(short === undefined ? [] : [formatColumns(short)]),
    formatColumns(createFullTable(result)),
    explainTables(result).join('\n'),
  ].join('\n\n');
}

/** `1 layer of 198 MiB, 5 runs each, into s3://my-bucket and host/name`. */
export function formatHeading(result: BenchResult): string {
  const { bucket, registry, rounds } = result;
  const places = registry === undefined ? bucket : `${bucket} and ${registry}`;
  return `${describeImage(result)}, ${rounds} ${rounds === 1 ? 'run' : 'runs'} each, into ${places}`;
}

/** A bar for each contestant of whom a run ended well; undefined without any. */
export function formatResultPlot(result: BenchResult): string | undefined {
  const bars = result.contestants.flatMap(createBar);
  return bars.length === 0 ? undefined : formatPlot({ title: `Push of ${describeImage(result)}`, bars });
}

function createBar({ title, isOwn, way, summary }: ContestantResult): readonly PlotBar[] {
  if (summary === undefined) return [];
  const { seconds, mibPerSecond } = summary;
  const value = `${formatSeconds(seconds.median)} s, ${formatRate(mibPerSecond.median)} MiB/s`;
  return [{ name: title, seconds, value, isOwn: isOwn && way === 'bucket' }];
}
