import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../test/peers/run-command.ts';
import type { CommandResult } from '../test/peers/run-command.ts';
import { createTemporaryFolder } from '../test/peers/temporary-folder.ts';
import type { TemporaryFolder } from '../test/peers/temporary-folder.ts';
import type { TestReport } from './test-report.ts';

const PROGRAM = fileURLToPath(new URL('ci-report.mjs', import.meta.url));
const CI_RUN = fileURLToPath(new URL('../.ci/run', import.meta.url));
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

describe('the end of the log', () => {
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
});

describe('.ci/run, in a project of stubs', { timeout: 60_000 }, () => {
  /** The commands of the four steps, as shell scripts; by default all pass, and the tests leave a report. */
  interface Steps {
    readonly peers: string;
    readonly test: string;
    readonly check: string;
    readonly package: string;
  }
  const PASSING: Steps = {
    peers: 'true',
    test: 'cp report.json .cache/test-report.json',
    check: 'true',
    package: 'true',
  };

  async function runCi(steps: Steps): Promise<CommandResult> {
    const project = folder.path;
    await Promise.all(['.ci', 'tools', '.cache'].map((name) => mkdir(join(project, name))));
    await cp(CI_RUN, join(project, '.ci/run'));
    await cp(PROGRAM, join(project, 'tools/ci-report.mjs'));
    await writeFile(join(project, '.ci/try-package'), `#!/bin/sh\n${steps.package}\n`, { mode: 0o755 });
    await writeFile(join(project, 'tools/bootstrap.mjs'), bootstrapStub(steps.peers));
    await writeFile(join(project, 'package.json'), JSON.stringify({ scripts: { test: steps.test, check: steps.check } }));
    await writeFile(join(project, 'report.json'), JSON.stringify(PASSED));
    await writeFile(join(project, '.cache/test-report.json'), JSON.stringify(FAILED));
    return runCommand([join(project, '.ci/run')], { cwd: '/' });
  }

  function bootstrapStub(script: string): string {
    return `import { spawnSync } from 'node:child_process';
process.exitCode = spawnSync('sh', ['-c', ${JSON.stringify(script)}], { stdio: 'inherit' }).status;
`;
  }

  test('all steps pass: the closing line comes last, and the code is 0', async () => {
    const { code, stdout } = await runCi(PASSING);
    expect(stdout).toMatch(/\n7 passed, 0 failed, 1 skipped\n$/);
    expect(code).toBe(0);
  });

  test('each failed step is counted, its end is repeated at the end, and the others run all the same', async () => {
    const { code, stdout } = await runCi({
      ...PASSING,
      peers: 'echo "no go here" >&2; exit 1',
      check: 'echo "two gates failed"; exit 3',
    });
    expect(code).toBe(1);
    expect(stdout).toMatch(/== failed: peers;.*\n[^]*no go here[^]*== failed: check;.*\n[^]*two gates failed/);
    expect(stdout).toContain('== package: code 0');
    expect(stdout).toMatch(/\n7 passed, 2 failed, 1 skipped\n$/);
  });

  test('the report of an earlier run counts for nothing', async () => {
    const { code, stdout } = await runCi({ ...PASSING, test: 'true' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n0 passed, 1 failed, 0 skipped\n$/);
  });

  test('a process that a step leaves behind does not hold up the end', async () => {
    const leave = 'sleep 600 & echo $! >left';
    const { code } = await runCi({ ...PASSING, check: leave });
    process.kill(Number(await readFile(join(folder.path, 'left'), 'utf8')));
    expect(code).toBe(0);
  });
});
