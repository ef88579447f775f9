// Ends the log of .ci/run: node tools/ci-report.mjs REPORT [FAILED_STEP…]
//
// It prints the failed tests, then the closing line, and exits with 1 where anything failed. Node 20 has to do: a
// machine on which nothing could be installed gets its closing line too.
import { existsSync, readFileSync } from 'node:fs';

/** What the report of a run that never came to its end says. */
const NO_REPORT = { passed: 0, failed: 0, skipped: 0, failures: [] };

const [reportFile = '', ...failedSteps] = process.argv.slice(2);
const hasReport = existsSync(reportFile);
const report = hasReport ? JSON.parse(readFileSync(reportFile, 'utf8')) : NO_REPORT;
const failures = [
  ...report.failures,
  // The tests' own failures stand for their step; without any, the step itself is the failure.
  ...failedSteps
    .filter((step) => step !== 'test' || report.failed === 0)
    .map((step) => ({ name: step, reason: `the step failed, see .cache/ci/${step}.log` })),
];
if (!hasReport && !failedSteps.includes('test')) {
  failures.push({ name: 'test', reason: `the run left no report in ${reportFile}` });
}
for (const { name, reason } of failures) console.log(`FAILED ${name}: ${reason}`);
console.log(`${report.passed} passed, ${failures.length} failed, ${report.skipped} skipped`);
process.exitCode = failures.length === 0 ? 0 : 1;
