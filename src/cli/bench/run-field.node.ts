import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchFrame } from '../../bench/bench-result.ts';
import type { BenchRun } from '../../bench/bench-run.ts';
import { describeImage, describeLoad, formatSeconds, isBusy } from '../../bench/result-tables.ts';
import { runBench } from '../../bench/run-bench.node.ts';
import type { CommandContext } from '../command.ts';
import { formatBytes, formatCount } from '../output/format-quantity.ts';
import { benchRepository, type Field } from './open-field.node.ts';

/** After an interrupt the process may not live longer than a few seconds. */
const shortRemovalMs = 3_000;
const removalMs = 30_000;

/** A bench that is about to run. */
export interface BenchWork {
  readonly field: Field;
  readonly frame: BenchFrame;
  readonly layerBytes: number;
  readonly id: string;
}

/** What a field's runs came to, and what of it could not be removed after all of them. */
export interface FieldRuns {
  readonly runs: readonly BenchRun[];
  readonly leftovers: readonly string[];
}

/**
 * Runs all of a field, telling each run as it ends; what the bucket was given besides is removed then, and the field closed, however they end.
 * @throws RegistryError `aborted`
 */
export async function runField(work: BenchWork, context: CommandContext): Promise<FieldRuns> {
  let runs: readonly BenchRun[] = [];
  let leftovers: readonly string[] = [];
  try {
    runs = await runAll(work, context);
  } finally {
    leftovers = await work.field.close(AbortSignal.timeout(context.signal.aborted ? shortRemovalMs : removalMs));
    for (const leftover of leftovers) context.output.note(`still there: ${leftover}`);
  }
  return { runs, leftovers };
}

/** In a folder that is removed. */
async function runAll(
  { field, frame, layerBytes, id }: BenchWork,
  { environment, output, signal }: CommandContext,
): Promise<readonly BenchRun[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bucketry-bench-'));
  const done: BenchRun[] = [];
  try {
    const { contestants } = field;
    const options = { contestants, layers: frame.layers, layerBytes, runs: frame.rounds, id, folder, environment };
    for await (const run of runBench(options, signal)) {
      done.push(run);
      output.note(formatRun(run, frame.rounds));
    }
    return done;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Says how much is going to be sent where, by which names it can be found should the bench be killed, and who takes no part. */
export function announceBench({ field, frame, id }: BenchWork, output: CommandContext['output']): void {
  const { bucket, registry, load, rounds, bytes } = frame;
  const { contestants, skipped } = field;
  const times = `${formatCount(rounds, 'time')} for each of ${formatCount(contestants.length, 'contestant')}`;
  const amount = (isToRegistry: boolean): string =>
    formatBytes(contestants.filter(({ way }) => (way === 'registry') === isToRegistry).length * rounds * bytes);
  const toBucket = `${amount(false)} to ${bucket} (${benchRepository(id)})`;
  const toRegistry = registry === undefined ? '' : ` and ${amount(true)} to ${registry} (tags bench-${id}-…)`;
  output.note(`Sending ${describeImage(frame)}, ${times}: ${toBucket}${toRegistry}. All of it is to be removed again.`);
  if (isBusy(load)) output.note(describeLoad(load));
  for (const { name, reason } of skipped) output.note(`Skipping ${name}: ${reason}.`);
}

function formatRun({ contestant, round, result, leftovers }: BenchRun, rounds: number): string {
  const outcome = result.kind === 'measured' ? `${formatSeconds(result.measurement.wallMs / 1000)} s` : `failed: ${result.reason}`;
  return [`${round}/${rounds}  ${contestant.title}: ${outcome}`, ...leftovers.map((leftover) => `     still there: ${leftover}`)].join(
    '\n',
  );
}
