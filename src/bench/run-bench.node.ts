import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { throwIfAborted } from '../errors/registry-error.ts';
import type { BenchRun } from './bench-run.ts';
import type { CommandLine, Contestant, Stage } from './contestant.ts';
import { makeImage } from './make-image.node.ts';
import { measureProcess } from './measure-process.node.ts';
import { createRandom, shuffle } from './statistics.ts';

export interface BenchOptions {
  readonly contestants: readonly Contestant[];
  readonly layers: number;
  readonly layerBytes: number;
  readonly runs: number;
  /** Names this bench; runs are named after it. Lower-case letters and digits. */
  readonly id: string;
  /** An empty folder with room for an image, for a few where one goes through Docker; the caller removes it. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Of one run; a link of 1 MiB/s sends a layer of 1 GiB in it. */
const runTimeoutMs = 30 * 60_000;
const removalTimeoutMs = 60_000;
/** After an interrupt: the process may not live longer than a few seconds. */
const shortRemovalTimeoutMs = 3_000;
const neverAborted = new AbortController().signal;

/**
 * Lets contestants do the same work in turn, in another order each round, on an image of new bytes each time, and removes what each has sent before the next begins. Who fails
 * takes no part in later rounds; the others go on.
 * @throws RegistryError `aborted`, once what was sent is removed
 */
export async function* runBench(options: BenchOptions, signal: AbortSignal): AsyncGenerator<BenchRun, void> {
  const out = new Set<Contestant>();
  const random = createRandom(Date.now());
  for (let round = 1; round <= options.runs; round += 1) {
    for (const contestant of shuffle(options.contestants, random)) {
      if (out.has(contestant)) continue;
      const run = await runOnce(contestant, round, options, signal);
      if (run.result.kind === 'failed') out.add(contestant);
      yield run;
      throwIfAborted(signal);
    }
  }
}

async function runOnce(contestant: Contestant, round: number, options: BenchOptions, signal: AbortSignal): Promise<BenchRun> {
  const { layers, layerBytes, id } = options;
  throwIfAborted(signal);
  const run = `bench-${id}-${contestant.name}-${round}`;
  const folder = join(options.folder, run);
  try {
    const image = await makeImage(join(folder, 'image'), { layers, layerBytes, seed: `${run}-${crypto.randomUUID()}` }, signal);
    const stage: Stage = { image, folder, run };
    const environment = { ...options.environment, ...contestant.environment?.(stage) };
    const result = await perform(contestant, stage, environment, signal);
    const leftovers = await tidy(contestant, stage, environment, signal);
    return { contestant, round, result, leftovers };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Never throws: what was sent must be removed whatever happens. */
async function perform(
  contestant: Contestant,
  stage: Stage,
  environment: BenchOptions['environment'],
  signal: AbortSignal,
): Promise<BenchRun['result']> {
  try {
    for (const command of contestant.prepare?.(stage) ?? []) {
      const outcome = await measureProcess(command, { environment, signal, timeoutMs: runTimeoutMs });
      if (outcome.kind === 'failed') return { kind: 'failed', reason: `${basename(command[0])}, before it: ${outcome.reason}` };
    }
    const outcome = await measureProcess(contestant.command(stage), { environment, signal, timeoutMs: runTimeoutMs });
    if (outcome.kind === 'failed') return outcome;
    const { wallMs } = outcome.measurement;
    return {
      kind: 'measured',
      measurement: contestant.hasDaemon ? { wallMs, cpuMs: undefined, peakBytes: undefined } : outcome.measurement,
    };
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  }
}

/** Removes what a run has left, with a signal of its own: the user's may have come already. */
async function tidy(
  contestant: Contestant,
  stage: Stage,
  environment: BenchOptions['environment'],
  interrupt: AbortSignal,
): Promise<readonly string[]> {
  const timeoutMs = interrupt.aborted ? shortRemovalTimeoutMs : removalTimeoutMs;
  const signal = AbortSignal.timeout(timeoutMs);
  const leftovers: string[] = [];
  try {
    leftovers.push(...(await contestant.remove(stage, signal)));
  } catch (error) {
    leftovers.push(`what ${stage.run} has sent, if anything: ${messageOf(error)}`);
  }
  for (const command of contestant.putBack?.(stage) ?? []) {
    const reason = await explainNotPutBack(command, environment, timeoutMs);
    if (reason !== undefined) leftovers.push(`what "${command.join(' ')}" removes here: ${reason}`);
  }
  return leftovers;
}

/** With a time of its own: a place that does not answer may have used up what there was for removing. */
async function explainNotPutBack(
  command: CommandLine,
  environment: BenchOptions['environment'],
  timeoutMs: number,
): Promise<string | undefined> {
  const outcome = await measureProcess(command, { environment, signal: neverAborted, timeoutMs });
  return outcome.kind === 'failed' ? outcome.reason : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
