import process from 'node:process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodedError } from '../../src/errors/coded-error.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { inputsOf, repetitionsOf } from './mutations.ts';

/** Inputs for each parser; `npm run fuzz` asks for many more. */
const runs = Number(process.env['FUZZ_RUNS'] ?? 2000);
const timeoutMs = 60_000 + runs * 5;
/** A megabyte for who asks for many runs; a quarter of it shows the same: what grows with the square takes many seconds. */
const largeBytes = 'FUZZ_RUNS' in process.env ? 2 ** 20 : 2 ** 18;
/** For each, on a slow machine. */
const maxCpuMs = 1000;

/** Gives each parser damaged input, then large input: it may throw nothing but our errors, and its time may grow no faster than what it is given. */
export function describeFuzz(title: string, targets: readonly FuzzTarget[]): void {
  describe.each(targets)(`${title}: $name`, (target) => {
    test('reads its examples, and whatever else it gets it reads, or refuses with a code', { timeout: timeoutMs }, async () => {
      // What is damaged must be whole before, or nothing behind the first check is ever reached
      for (const example of target.examples) await target.parse(example);
      await fc.assert(
        fc.asyncProperty(inputsOf(target), (text) => readOrRefuse(target, text)),
        { numRuns: runs },
      );
    });

    test('takes time that grows with its size', { timeout: timeoutMs }, async () => {
      const slow: string[] = [];
      for (const text of repetitionsOf(target, Math.min(target.maxBytes ?? largeBytes, largeBytes))) {
        const begun = process.cpuUsage();
        await readOrRefuse(target, text);
        const { user, system } = process.cpuUsage(begun);
        if (user + system > maxCpuMs * 1000) slow.push(`${JSON.stringify(text.slice(0, 60))}: ${(user + system) / 1000} ms`);
      }
      expect(slow).toEqual([]);
    });
  });
}

async function readOrRefuse({ parse }: FuzzTarget, text: string): Promise<void> {
  try {
    await parse(text);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === 'internal') throw error;
    expect(error.message).toMatch(/^(Cannot|Refused) /);
  }
}
