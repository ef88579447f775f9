import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LinkShape } from './link/open-link.ts';
import type { Measurement } from './measure/measure-command.ts';
import { findProgram } from '../test/peers/peer-cache.ts';
import { runCommand } from '../test/peers/run-command.ts';
import type { RequestSummary } from './requests/summarize-requests.ts';
import type { ScenarioName } from './scenarios.ts';
import type { Pace } from './stores/bench-store.ts';

/** One run of one contestant. */
export interface Run extends Measurement {
  /** Processor time of the store and the registry meanwhile. */
  readonly serversCpuMs: number;
  /** Share of the processors' time that went to what is no part of the bench; from 0 to 1. */
  readonly othersShare: number;
  /** How fast the store took what came, where it can tell and there was enough of it. */
  readonly pace?: Pace | undefined;
}

/** All runs of one contestant. */
export interface ContestantResult {
  readonly name: string;
  readonly settings: string;
  readonly isOwn?: boolean | undefined;
  /** What was run, with words in capitals for what is another each time. */
  readonly command: string;
  readonly runs: readonly Run[];
  readonly requests?: RequestSummary | undefined;
}

/** What was measured where, when and how. */
export interface ScenarioResult {
  readonly scenario: ScenarioName;
  /** Absent where nothing was between client and server but the loopback device. */
  readonly shape?: LinkShape | undefined;
  /** What each run moved over the link, where that is what it was about. */
  readonly movedBytes?: number | undefined;
  readonly date: string;
  readonly command: string;
  /** Processes that wanted a processor in the minute before, on average. */
  readonly loadBefore: number;
  /** What was measured: `git describe --always --dirty`; absent outside a checkout. */
  readonly commit?: string | undefined;
  readonly machine: Machine;
  readonly rounds: number;
  /** Ours first. */
  readonly contestants: readonly ContestantResult[];
  /** Who could not take part, and why. */
  readonly absent: readonly { readonly name: string; readonly reason: string }[];
}

interface Machine {
  readonly processors: string;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

const folder = fileURLToPath(new URL('results', import.meta.url));

/** This machine, as far as figures depend on it. */
export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processors: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    memoryBytes: totalmem(),
    system: `${process.platform} ${release()} ${arch()}`,
    node: process.version,
  };
}

/** The commit that is checked out, with `-dirty` where sources differ from it; `undefined` outside a checkout. */
export async function describeCommit(): Promise<string | undefined> {
  if (findProgram('git') === undefined) return undefined;
  const { code, stdout } = await runCommand(['git', 'describe', '--always', '--dirty'], { cwd: import.meta.dirname });
  return code === 0 ? stdout.trim() : undefined;
}

/** Keeps a result in place of the last one of its scenario and link. */
export async function saveResult(result: ScenarioResult): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${nameOf(result)}.json`), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** All results that were kept. */
export async function readResults(): Promise<readonly ScenarioResult[]> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(names.map(async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as ScenarioResult));
}

/** A result's name in files: its scenario and its link. */
export function nameOf({ scenario, shape }: Pick<ScenarioResult, 'scenario' | 'shape'>): string {
  return `${scenario}-${shape === undefined ? 'unshaped' : 'shaped'}`;
}
