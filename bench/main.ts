// Measures pushing and pulling, ours and others': npm run bench -- --scenario push-198 [--rounds 5] [--shaped|--unshaped] [--json FILE]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildPackage, packageVariable } from './build-package.ts';
import { openLink } from './link/open-link.ts';
import type { LinkShape } from './link/open-link.ts';
import { comeFirst } from './measure/come-first.ts';
import type { LinkSide } from './open-session.ts';
import { formatTable } from './report/format-table.ts';
import { writePerformance } from './report/write-performance.ts';
import { saveResult } from './results.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';
import { leastRounds, parseSettings, usage, UsageError } from './settings.ts';
import type { Settings } from './settings.ts';
import { traceRequests } from './trace-requests.ts';

/** Where this process finds the link, once it was started again on the server's side of it. */
const linkVariable = 'BUCKETRY_BENCH_LINK';

/** What is done with scenarios that have one link, or none. */
type Work = (names: readonly ScenarioName[], side: LinkSide | undefined, signal: AbortSignal) => Promise<boolean>;

/** Lists the requests of each scenario's first contestant. */
const trace: Work = async (names, link, signal) => {
  for (const name of names) console.log((await traceRequests(name, { link, signal })).join('\n'));
  return true;
};

/** Measures one scenario after the other; one that fails does not keep the others from their turn. */
function createMeasuring(settings: Settings): Work {
  return async (names, link, signal) => {
    let isWhole = true;
    for (const name of names) {
      try {
        await measure(name, settings, link, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        console.error(`Cannot measure ${name}:`, error);
        isWhole = false;
      }
    }
    return isWhole;
  };
}

async function measure(name: ScenarioName, settings: Settings, link: LinkSide | undefined, signal: AbortSignal): Promise<void> {
  const { rounds, isFirst, jsonFile } = settings;
  const speed = link === undefined ? 'unshaped' : 'shaped';
  const heading = `${scenarios[name].title} (${name}, ${speed})`;
  console.error(heading);
  const command = `npm run bench -- --scenario ${name} --rounds ${rounds} --${speed}${isFirst ? ' --first' : ''}`;
  const result = await runScenario(name, { rounds, link, command, signal, onProgress: (line) => console.error(`  ${line}`) });
  console.log(`\n${heading}\n\n${formatTable(result)}\n`);
  if (rounds >= leastRounds) await saveResult(result);
  if (jsonFile !== undefined) await appendFile(jsonFile, `${JSON.stringify(result)}\n`);
}

/** Scenarios by what lies between clients and servers, in the order in which each kind comes first. */
function groupByLink({ names, unshapedReason }: Settings): ReadonlyMap<LinkShape | undefined, readonly ScenarioName[]> {
  const groups = new Map<LinkShape | undefined, ScenarioName[]>();
  for (const name of names) {
    const { link }: Scenario = scenarios[name];
    if (link?.slow !== undefined && unshapedReason !== undefined) {
      console.error(`${name} is left out: it needs the link, and ${unshapedReason}`);
      continue;
    }
    const shape = unshapedReason === undefined ? link : undefined;
    groups.set(shape, [...(groups.get(shape) ?? []), name]);
  }
  return groups;
}

/** Opens a link and starts this program again, on the server's side of it: servers and relays are then simply here. */
async function runBehindLink(shape: LinkShape, args: readonly string[]): Promise<boolean> {
  const link = await openLink(shape);
  const [program, ...prefix] = link.serverPrefix;
  const side: LinkSide = { shape, serverAddress: link.serverAddress, clientPrefix: link.clientPrefix, pid: link.pid };
  const child = spawn(program, [...prefix, process.execPath, fileURLToPath(import.meta.url), ...args], {
    stdio: 'inherit',
    env: { ...process.env, [linkVariable]: JSON.stringify(side), [packageVariable]: JSON.stringify(await buildPackage()) },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const { droppedPackets } = await link.close();
  if (droppedPackets !== 0) console.error(`The link dropped ${droppedPackets} packets: these figures are not what it should impose`);
  return code === 0;
}

/** The command line for one group of scenarios. */
function formatArguments(names: readonly ScenarioName[], settings: Settings): readonly string[] {
  const { rounds, isFirst, isTrace, jsonFile } = settings;
  const flags = [
    ...(isFirst ? ['--first'] : []),
    ...(isTrace ? ['--requests'] : []),
    ...(jsonFile === undefined ? [] : ['--json', jsonFile]),
  ];
  return [...names.flatMap((name) => ['--scenario', name]), '--rounds', String(rounds), ...flags];
}

async function workAll(settings: Settings, work: Work, signal: AbortSignal): Promise<boolean> {
  if (settings.unshapedReason !== undefined) console.error(`Measuring unshaped: ${settings.unshapedReason}`);
  if (settings.jsonFile !== undefined) await writeFile(settings.jsonFile, '');
  await buildPackage(); // before anything else, so that what cannot be built costs nobody time
  let isWhole = true;
  for (const [shape, names] of groupByLink(settings)) {
    signal.throwIfAborted();
    const isDone =
      shape === undefined ? await work(names, undefined, signal) : await runBehindLink(shape, formatArguments(names, settings));
    isWhole &&= isDone;
  }
  if (!settings.isTrace && settings.rounds >= leastRounds) await writePerformance();
  return isWhole;
}

async function main(args: readonly string[]): Promise<boolean> {
  const settings = parseSettings(args);
  if (settings.isPage) {
    await writePerformance();
    return true;
  }
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const work = settings.isTrace ? trace : createMeasuring(settings);
  const side = process.env[linkVariable];
  if (side !== undefined) return work(settings.names, JSON.parse(side) as LinkSide, interrupted.signal);
  const takeBack = settings.isFirst ? await comeFirst() : undefined;
  try {
    return await workAll(settings, work, interrupted.signal);
  } finally {
    await takeBack?.();
  }
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error); // parseArgs throws the latter
  console.error(isUsage ? `${error.message}\n${usage}` : error);
  process.exitCode = isUsage ? 2 : 1;
}
