import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';
import { createTestReport, formatClosingLine, formatSkips } from './test-report.ts';

/** A reporter of vitest that has the last word: what was skipped and why, then the closing line. */
export class ClosingReporter implements Reporter {
  readonly #reportFile: string;

  /** `reportFile` is where the report goes as JSON. */
  constructor(reportFile: string) {
    this.#reportFile = reportFile;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[], outcome: TestRunEndReason): void {
    const report = createTestReport({ modules, unhandledErrors, outcome });
    mkdirSync(dirname(this.#reportFile), { recursive: true });
    writeFileSync(this.#reportFile, `${JSON.stringify(report, undefined, 2)}\n`);
    const skips = formatSkips(report);
    if (skips !== '') console.log(skips);
    console.log(formatClosingLine(report));
  }
}
