import { formatPlot } from '../../src/bench/format-plot.ts';
import type { PlotBar } from '../../src/bench/format-plot.ts';
import { summarize } from '../../src/bench/statistics.ts';
import type { ContestantResult, ScenarioResult } from '../results.ts';
import { scenarios } from '../scenarios.ts';

const mebibyte = 2 ** 20;

/** One bar beside nothing says nothing. */
export function isPlotted({ contestants }: ScenarioResult): boolean {
  return contestants.length > 1;
}

/** A scenario's result as a plot, ours first. */
export function formatScenarioPlot({ contestants, shape, scenario, movedBytes }: ScenarioResult): string {
  const link =
    shape === undefined
      ? 'nothing but the loopback device'
      : `${shape.rttMs} ms a round trip, ${shape.mibPerConnection} MiB/s a connection`;
  return formatPlot({
    title: scenarios[scenario].title,
    note: `between client and server: ${link}`,
    bars: contestants.map((contestant) => createBar(contestant, movedBytes)),
  });
}

function createBar({ name, runs, isOwn = false }: ContestantResult, movedBytes: number | undefined): PlotBar {
  const seconds = summarize(runs.map(({ wallMs }) => wallMs / 1000));
  const rate = movedBytes === undefined ? '' : `, ${(movedBytes / mebibyte / seconds.median).toFixed(0)} MiB/s`;
  return { name, seconds, value: `${seconds.median.toFixed(seconds.median < 1 ? 3 : 2)} s${rate}`, isOwn };
}
