// Measures pushing and pulling, ours and others': npm run bench -- --scenario push-198 [--rounds 5] [--shaped|--unshaped] [--json FILE]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { explainNoLink } from './link/link-support.ts';
import { openLink } from './link/open-link.ts';
import { comeFirst } from './measure/come-first.ts';
import type { LinkSide } from './open-session.ts';
import { formatTable } from './report/format-table.ts';
import { writePerformance } from './report/write-performance.ts';
import { saveResult } from './results.ts';
import type { ScenarioResult } from './results.ts';
import { runScenario } from './run-scenario.ts';
import { isScenarioName, scenarios } from './scenarios.ts';
import type { ScenarioName } from './scenarios.ts';
import { traceRequests } from './trace-requests.ts';

const usage = `Usage: npm run bench -- [--all | --scenario NAME…] [--rounds N] [--shaped | --unshaped] [--first] [--json FILE]
       npm run bench -- --scenario NAME --requests    lists the requests of bucketry, each with its times, instead of measuring
Scenarios: ${Object.keys(scenarios).join(', ')}
--first lets the bench come before everything else that runs on the machine.
With fewer than 5 rounds nothing is written to docs/performance.md.`;

/** Where this process finds the link, once it was started again on the server's side of it. */
const linkVariable = 'BUCKETRY_BENCH_LINK';
const leastRounds = 5;

interface Settings {
  readonly names: readonly ScenarioName[];
  readonly rounds: number;
  readonly isShaped: boolean;
  readonly isFirst: boolean;
  readonly isTrace: boolean;
  readonly jsonFile: string | undefined;
}

/** What was typed is wrong: the usage helps. */
class UsageError extends Error {}

function parseSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      all: { type: 'boolean', default: false },
      rounds: { type: 'string', default: String(leastRounds) },
      shaped: { type: 'boolean', default: false },
      unshaped: { type: 'boolean', default: false },
      first: { type: 'boolean', default: false },
      requests: { type: 'boolean', default: false },
      json: { type: 'string' },
    },
  });
  const words = values.all ? Object.keys(scenarios) : values.scenario;
  const names = words.filter(isScenarioName);
  const unknown = words.find((word) => !isScenarioName(word));
  if (unknown !== undefined) throw new UsageError(`There is no scenario "${unknown}"`);
  if (names.length === 0) throw new UsageError('Nothing to measure: --scenario NAME, or --all');
  const rounds = Number(values.rounds);
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new UsageError(`--rounds ${values.rounds}: a number from 1 on wanted`);
  if (values.shaped && values.unshaped) throw new UsageError('--shaped and --unshaped exclude each other');
  const reason = values.unshaped ? undefined : explainNoLink();
  if (reason !== undefined) {
    if (values.shaped) throw new UsageError(`Cannot measure --shaped: ${reason}`);
    console.error(`Measuring unshaped: ${reason}`);
  }
  return {
    names,
    rounds,
    isShaped: !values.unshaped && reason === undefined,
    isTrace: values.requests,
    isFirst: values.first,
    jsonFile: values.json,
  };
}

/** Opens the link and starts this program again, on the server's side of it: servers and relays are then simply here. */
async function runBehindLink(args: readonly string[]): Promise<number> {
  const link = await openLink();
  const [program, ...prefix] = link.serverPrefix;
  const side: LinkSide = { shape: link.shape, serverAddress: link.serverAddress, clientPrefix: link.clientPrefix, pid: link.pid };
  const child = spawn(program, [...prefix, process.execPath, fileURLToPath(import.meta.url), ...args], {
    stdio: 'inherit',
    env: { ...process.env, [linkVariable]: JSON.stringify(side) },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  const { droppedPackets } = await link.close();
  if (droppedPackets !== 0) console.error(`The link dropped ${droppedPackets} packets: these figures are not what it should impose`);
  return code ?? 1;
}

async function trace({ names }: Settings, link: LinkSide | undefined, signal: AbortSignal): Promise<void> {
  for (const name of names) console.log((await traceRequests(name, { link, signal })).join('\n'));
}

async function measure({ names, rounds, isFirst, jsonFile }: Settings, link: LinkSide | undefined, signal: AbortSignal): Promise<void> {
  const results: ScenarioResult[] = [];
  const speed = link === undefined ? '--unshaped' : '--shaped';
  for (const name of names) {
    console.error(`${scenarios[name].title}, ${speed.slice(2)}`);
    const command = `npm run bench -- --scenario ${name} --rounds ${rounds} ${speed}${isFirst ? ' --first' : ''}`;
    const result = await runScenario(name, { rounds, link, command, signal, onProgress: (line) => console.error(`  ${line}`) });
    console.log(`\n${scenarios[name].title}, ${speed.slice(2)}\n\n${formatTable(result)}\n`);
    results.push(result);
    if (rounds >= leastRounds) await saveResult(result);
  }
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(results, undefined, 2)}\n`);
  if (rounds >= leastRounds) await writePerformance();
}

async function work(settings: Settings, side: LinkSide | undefined): Promise<void> {
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort(new Error('interrupted')));
  const act = settings.isTrace ? trace : measure;
  await act(settings, side, interrupted.signal);
}

async function main(args: readonly string[]): Promise<number> {
  const settings = parseSettings(args);
  const side = process.env[linkVariable];
  if (side !== undefined) {
    await work(settings, JSON.parse(side) as LinkSide);
    return 0;
  }
  const takeBack = settings.isFirst ? await comeFirst() : undefined;
  try {
    if (settings.isShaped) return await runBehindLink(args);
    await work(settings, undefined);
    return 0;
  } finally {
    await takeBack?.();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error); // parseArgs throws the latter
  console.error(isUsage ? `${error.message}\n${usage}` : error);
  process.exitCode = isUsage ? 2 : 1;
}
