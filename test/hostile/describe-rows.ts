import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { HostileRow } from './hostile-row.ts';
import { type Outcome, runRow } from './run-row.ts';

/** Longest time of a row, in milliseconds; a machine that is busy needs many times what it takes. */
const timeoutMs = 60_000;
/** What a row may compute, the liar included; bombs take long to make. */
const maxCpuMs = { usual: 6000, alone: 30_000 };

/** Walks rows: each must end with its code, in its bounds, and leave the bucket as it was. */
export function describeRows(name: string, rows: readonly HostileRow[]): void {
  describe(`${name} that lie`, () => {
    test.each(rows)('$lie: $code', { timeout: timeoutMs }, async (row) => {
      const outcome = row.maxMemoryMib === undefined ? await runRow(row) : await runAlone(row, row.maxMemoryMib);
      expect([outcome.code, outcome.changed], outcome.message).toEqual([row.code, []]);
      expect(outcome.message).toMatch(/^(Cannot|Refused)/);
      expect(outcome.cpuMs).toBeLessThan(row.maxMemoryMib === undefined ? maxCpuMs.usual : maxCpuMs.alone);
    });
  });
}

/** Runs a row in a process that may not have more memory. */
async function runAlone({ lie }: HostileRow, maxMemoryMib: number): Promise<Outcome> {
  const program = fileURLToPath(new URL('run-alone.ts', import.meta.url));
  const options = { timeout: timeoutMs, env: { PATH: process.env['PATH'] } };
  const { stdout } = await promisify(execFile)(process.execPath, [`--max-old-space-size=${maxMemoryMib}`, program, lie], options);
  const outcome = JSON.parse(stdout) as Outcome & { readonly memoryMib: number };
  expect(outcome.memoryMib).toBeLessThan(maxMemoryMib);
  return outcome;
}
