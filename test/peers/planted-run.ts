import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestReport } from '../../tools/test-report.ts';
import { runCommand } from './run-command.ts';

const PROJECT_FOLDER = fileURLToPath(new URL('../..', import.meta.url));

/** How a run of the test runner over planted files ended. */
export interface PlantedRun {
  readonly code: number;
  readonly stdout: string;
  readonly report: TestReport;
}

/** Runs vitest, with the project's closing reporter, over test files that are written for the occasion. */
export async function runPlantedTests(files: Readonly<Record<string, string>>, variables: NodeJS.ProcessEnv = {}): Promise<PlantedRun> {
  // Inside the project, so that the planted files find vitest; git ignores the place.
  await mkdir(join(PROJECT_FOLDER, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(PROJECT_FOLDER, '.cache', 'planted-'));
  try {
    const planted = { ...files, 'vitest.config.ts': configWithReportIn(folder) };
    await Promise.all(Object.entries(planted).map(([name, text]) => writeFile(join(folder, name), text)));
    const { code, stdout } = await runCommand([process.execPath, join(PROJECT_FOLDER, 'node_modules/vitest/vitest.mjs'), 'run'], {
      cwd: folder,
      env: { ...process.env, VITEST: undefined, ...variables },
    });
    const report: TestReport = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
    return { code, stdout, report };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function configWithReportIn(folder: string): string {
  const reporter = JSON.stringify(join(PROJECT_FOLDER, 'tools/closing-reporter.ts'));
  const reportFile = JSON.stringify(join(folder, 'report.json'));
  return `import { ClosingReporter } from ${reporter};
export default { test: { reporters: ['default', new ClosingReporter(${reportFile})], maxWorkers: 1 } };
`;
}
