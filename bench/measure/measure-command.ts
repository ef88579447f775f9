import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandLine } from '../../test/peers/namespace.ts';
import { lastLines, runCommand } from '../../test/peers/run-command.ts';
import type { CommandOptions } from '../../test/peers/run-command.ts';
import { compileProgram } from '../compile-program.ts';

/** What one run of a command took. */
export interface Measurement {
  /** From before its process was made until it had ended. */
  readonly wallMs: number;
  /** User and system time of it and of the children it waited for. */
  readonly cpuMs: number;
  /** The largest resident set of any one process among them. */
  readonly peakBytes: number;
}

export interface MeasuredCommand {
  readonly command: CommandLine;
  /** Stands before the measuring itself, so that it costs the measured command nothing: `nsenter … --`. */
  readonly prefix?: readonly string[] | undefined;
  readonly options?: CommandOptions | undefined;
  /** A folder for the file by which the measurement comes back. */
  readonly folder: string;
}

/** Runs a command to its end and says what it took. Throws with its last lines where it fails: a failure is no measurement. */
export async function measureCommand({ command, prefix = [], options = {}, folder }: MeasuredCommand): Promise<Measurement> {
  const program = await compileProgram(new URL('measure.c', import.meta.url), options.signal);
  const file = join(folder, 'measurement');
  const [first, ...rest] = [...prefix, program, file, ...command];
  const { code, stdout, stderr } = await runCommand([first ?? program, ...rest], options);
  if (code !== 0)
    throw new Error(`Cannot measure "${command.join(' ')}": it ended with code ${code}: ${lastLines(`${stdout}\n${stderr}`)}`);
  return parseMeasurement(await readFile(file, 'utf8'));
}

/** Reads the line that measure.c writes. */
export function parseMeasurement(line: string): Measurement {
  const numbers = line.trim().split(' ').map(Number);
  const [wallNs, userUs, systemUs, peakKib] = numbers;
  if (wallNs === undefined || userUs === undefined || systemUs === undefined || peakKib === undefined || numbers.some(Number.isNaN)) {
    throw new Error(`Cannot read the measurement "${line}": 4 numbers wanted`);
  }
  return { wallMs: wallNs / 1e6, cpuMs: (userUs + systemUs) / 1e3, peakBytes: peakKib * 1024 };
}
