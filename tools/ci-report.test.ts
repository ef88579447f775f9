import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../test/peers/run-command.ts';
import type { CommandResult } from '../test/peers/run-command.ts';
import { createTemporaryFolder } from '../test/peers/temporary-folder.ts';
import type { TemporaryFolder } from '../test/peers/temporary-folder.ts';
import type { TestReport } from './test-report.ts';

const PROGRAM = fileURLToPath(new URL('ci-report.mjs', import.meta.url));
const PASSED: TestReport = { passed: 7, failed: 0, skipped: 1, failures: [], skips: [] };
const FAILED: TestReport = {
  ...PASSED,
  failed: 1,
  failures: [{ name: 'a.test.ts > adds', reason: 'two is three' }],
};

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = await createTemporaryFolder('report');
});

afterEach(() => folder.remove());

async function closeWith(report: TestReport | undefined, failedSteps: readonly string[]): Promise<CommandResult> {
  const file = join(folder.path, 'report.json');
  if (report !== undefined) await writeFile(file, JSON.stringify(report));
  return runCommand([process.execPath, PROGRAM, file, ...failedSteps]);
}

test('the closing line is the runner’s own count when every step passed', async () => {
  expect(await closeWith(PASSED, [])).toEqual({
    code: 0,
    stdout: '7 passed, 0 failed, 1 skipped\n',
    stderr: '',
  });
});

test('a failed step counts as a failure, though all tests passed', async () => {
  const { code, stdout } = await closeWith(PASSED, ['check']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAILED check: .*\n7 passed, 1 failed, 1 skipped\n$/);
});

test('failed tests are named, and stand for the step they failed in', async () => {
  const { code, stdout } = await closeWith(FAILED, ['test']);
  expect(code).toBe(1);
  expect(stdout).toBe('FAILED a.test.ts > adds: two is three\n7 passed, 1 failed, 1 skipped\n');
});

test('a test step that fails with all tests passed is a failure', async () => {
  expect((await closeWith(PASSED, ['test'])).stdout).toContain('7 passed, 1 failed, 1 skipped');
});

test('a missing report is a failure, even if no step says so', async () => {
  const { code, stdout } = await closeWith(undefined, []);
  expect(code).toBe(1);
  expect(stdout).toContain('0 passed, 1 failed, 0 skipped');
});
