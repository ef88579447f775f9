import { nameOf } from '../results.ts';
import type { ScenarioResult } from '../results.ts';
import { scenarios } from '../scenarios.ts';
import { summarize, tieRatio } from '../../src/bench/statistics.ts';
import { formatTable } from './format-table.ts';

const gibibyte = 2 ** 30;

/** `docs/performance.md`, from the results that were kept. */
export function formatPerformance(results: readonly ScenarioResult[]): string {
  const names = Object.keys(scenarios);
  const ordered = results.toSorted((a, b) => names.indexOf(a.scenario) - names.indexOf(b.scenario) || nameOf(a).localeCompare(nameOf(b)));
  return [
    '# Performance',
    '',
    '<!-- Written by `npm run bench` from bench/results; not by hand. -->',
    '',
    ...introduction,
    ...ordered.flatMap(formatResult),
    '',
  ].join('\n');
}

const introduction = [
  'Every figure on this page was measured by `npm run bench` on one machine, clients, servers and link sharing its processors. So the figures compare contestants with each other; they do not say how fast any of them is between other machines.',
  '',
  `The contestants of a table took turns, in another order each round, after a round that was not counted; nothing of one run was left for the next. Times are from the start of the process to its exit. "Bucketry is" compares medians, with the range of 95 % of resampled medians behind it; where that range holds 1, or the medians lie less than ${Math.round((tieRatio - 1) * 100)} % apart, it says "within noise". CPU and peak memory are the client's own processes. Requests were counted in a run of their own, through a relay; "in sequence" is the longest chain of requests that waited for each other. Images, stores and what is pulled lie in memory.`,
  '',
  '**Shaped** means a link of our own (`bench/link`): two network namespaces joined by a pair of TUN devices, where a program delays each packet, sends each connection at no more than its rate and all of them at no more than theirs, and drops nothing. Segments of 1500 bytes, CUBIC, a slow start for each connection, as on a real path; no loss, no other traffic, no TLS, and a rate for each connection that is the link’s, not the store’s, are unlike one. **Unshaped** is the loopback device: what is measured there is processors. With `--first` the bench’s processes, all contestants among them, came before everything else on the machine.',
];

function formatResult(result: ScenarioResult): readonly string[] {
  const { title, meaning } = scenarios[result.scenario];
  const plot = `performance/${nameOf(result)}.svg`;
  return [
    '',
    `## ${title}, ${result.shape === undefined ? 'unshaped' : 'shaped'}`,
    '',
    meaning,
    '',
    formatTable(result),
    '',
    `![Seconds of each contestant, median and range](${plot})`,
    '',
    ...result.contestants.map(({ name, settings }) => `- ${name}: ${settings}`),
    ...result.absent.map(({ name, reason }) => `- ${name} did not take part: it ${reason}`),
    '',
    `${formatShape(result)} ${formatNoise(result)}`,
    '',
    `Measured on ${result.date.slice(0, 10)}${result.commit === undefined ? '' : ` at ${result.commit}`}, ${result.rounds} rounds, ${formatMachine(result)}: \`${result.command}\``,
  ];
}

function formatShape({ shape }: ScenarioResult): string {
  if (shape === undefined) return 'Nothing lay between clients and servers.';
  const { rttMs, mibPerConnection, mibTotal, slow } = shape;
  const slower = slow === undefined ? '' : `, one connection in ${slow.oneIn} ${slow.factor} times slower`;
  return `The link imposed ${rttMs} ms a round trip, ${mibPerConnection} MiB/s a connection${slower} and ${mibTotal} MiB/s in all.`;
}

function formatNoise({ contestants }: ScenarioResult): string {
  const shares = contestants.flatMap(({ runs }) => runs.map(({ othersShare }) => othersShare * 100));
  const { median, max } = summarize(shares);
  return `What was no part of the bench took ${median.toFixed(0)} % of the processors at the median run and ${max.toFixed(0)} % at most.`;
}

function formatMachine({ machine }: ScenarioResult): string {
  const { processors, memoryBytes, system, node } = machine;
  return `${processors}, ${(memoryBytes / gibibyte).toFixed(0)} GiB, ${system}, Node ${node}`;
}
