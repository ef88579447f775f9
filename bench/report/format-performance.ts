import { nameOf } from '../results.ts';
import type { ScenarioResult } from '../results.ts';
import type { Scenario } from '../scenario.ts';
import { scenarios } from '../scenarios.ts';
import { summarize, tieRatio } from '../../src/bench/statistics.ts';
import { isPlotted } from './format-scenario-plot.ts';
import { formatTable } from './format-table.ts';
import { formatJudgement, judgeTarget } from './judge-target.ts';

const gibibyte = 2 ** 30;

/** `docs/performance.md`, from the results that were kept. Throws for none: figures that there are are not replaced by nothing. */
export function formatPerformance(results: readonly ScenarioResult[]): string {
  if (results.length === 0) throw new Error('Cannot write docs/performance.md: bench/results holds no result');
  const names = Object.keys(scenarios);
  const ordered = results.toSorted((a, b) => names.indexOf(a.scenario) - names.indexOf(b.scenario) || nameOf(a).localeCompare(nameOf(b)));
  return [
    '# Performance',
    '',
    '<!-- Written by `npm run bench` from bench/results; not by hand. -->',
    '',
    ...introduction,
    '',
    ...formatOverview(ordered),
    ...ordered.flatMap(formatResult),
    '',
  ].join('\n');
}

const introduction = [
  'Every figure on this page was measured by `npm run bench` on one machine, clients, servers and link sharing its processors. So the figures compare contestants with each other; they do not say how fast any of them is between other machines.',
  '',
  `The contestants of a table took turns, in another order each round, after a run of each that does not count; nothing of one run was left for the next. Those who are as fast as the link lets them, each time, ran in the first rounds only. Times are from the start of the process to its exit. "Ours is" compares medians of the first row with those of the others, with the range of 95 % of resampled medians behind it; where that range holds 1, or the medians lie less than ${Math.round((tieRatio - 1) * 100)} % apart, it says "within noise". CPU and peak memory are the client’s own processes, Docker’s daemon among them. Requests were counted in a run of their own, through a relay; "in sequence" is the longest chain of requests that waited for each other. Images, stores and what is pulled lie in memory.`,
  '',
  '**Shaped** means a link of our own (`bench/link`): two network namespaces joined by a pair of TUN devices, where a program delays each packet, sends each connection at no more than its rate and all of them at no more than theirs, and drops nothing. Segments of 1500 bytes, CUBIC, a slow start for each connection, as on a real path; no loss, no other traffic, no TLS, and a rate for each connection that is the link’s, not the store’s, are unlike one. **Unshaped** is the loopback device: what is measured there is processors. The store is MinIO, and the registry is distribution on the same MinIO, unless a section says otherwise. With `--first` the bench’s processes, all contestants among them, came before everything else on the machine.',
];

/** Everything that ours was held to, or compared by, in one table. */
function formatOverview(results: readonly ScenarioResult[]): readonly string[] {
  const rows = results.flatMap((result) => {
    const { title, targets }: Scenario = scenarios[result.scenario];
    const judgements = targets.flatMap((target) => judgeTarget(target, result) ?? []);
    return judgements.map(({ found, wanted = '', isReached }) => {
      const verdict = isReached === undefined ? '' : isReached ? 'reached' : '**not reached**';
      return `| ${title}, ${nameOfLink(result)} | ${found} | ${wanted} | ${verdict} |`;
    });
  });
  return ['| what | found | wanted | |', '| --- | --- | --- | --- |', ...rows];
}

function nameOfLink({ shape }: ScenarioResult): string {
  return shape === undefined ? 'unshaped' : 'shaped';
}

function formatResult(result: ScenarioResult): readonly string[] {
  const { title, meaning, limits, targets }: Scenario = scenarios[result.scenario];
  const judgements = targets.flatMap((target) => judgeTarget(target, result) ?? []);
  return [
    '',
    `## ${title}, ${nameOfLink(result)}`,
    '',
    meaning,
    '',
    ...judgements.map(formatJudgement),
    '',
    formatTable(result),
    '',
    ...(isPlotted(result) ? [`![Seconds of each contestant, median and range](performance/${nameOf(result)}.svg)`, ''] : []),
    `What the figures do not say: ${limits}`,
    '',
    ...result.contestants.map(({ name, settings }) => `- ${name}: ${settings}`),
    ...result.absent.map(({ name, reason }) => `- ${name} did not take part: it ${reason}`),
    '',
    `${formatShape(result)} ${formatNoise(result)}`,
    '',
    `Measured on ${result.date.slice(0, 10)}${result.commit === undefined ? '' : ` at ${result.commit}`}, ${formatRounds(result)}, ${formatMachine(result)}: \`${result.command}\``,
  ];
}

function formatRounds({ rounds }: ScenarioResult): string {
  return rounds === 1 ? '1 round' : `${rounds} rounds`;
}

function formatShape({ shape }: ScenarioResult): string {
  if (shape === undefined) return 'Nothing lay between clients and servers.';
  const { rttMs, mibPerConnection, mibTotal, slow } = shape;
  const slower = slow === undefined ? '' : `, one connection in ${slow.oneIn} ${slow.factor} times slower`;
  return `The link imposed ${rttMs} ms a round trip, ${mibPerConnection} MiB/s a connection${slower} and ${mibTotal} MiB/s in all.`;
}

function formatNoise({ contestants, loadBefore }: ScenarioResult): string {
  const shares = contestants.flatMap(({ runs }) => runs.map(({ othersShare }) => othersShare * 100));
  const { median, max } = summarize(shares);
  return `Before, ${loadBefore.toFixed(1)} processes wanted a processor, on average of a minute; meanwhile, what was no part of the bench took ${median.toFixed(0)} % of the processors at the median run and ${max.toFixed(0)} % at most.`;
}

function formatMachine({ machine }: ScenarioResult): string {
  const { processors, memoryBytes, system, node } = machine;
  return `${processors}, ${(memoryBytes / gibibyte).toFixed(0)} GiB, ${system}, Node ${node}`;
}
