import type { SerializedError } from 'vitest';
import type { TestCase, TestModule, TestRunEndReason } from 'vitest/node';

/** What became of a run of the tests; written as JSON for `.ci/run`. */
export interface TestReport {
  readonly passed: number;
  /** Failed tests, and whatever else went wrong: a file that does not load, a hook, an error nobody caught. */
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly TestNote[];
  readonly skips: readonly TestNote[];
}

/** A test's name, from its file on, and why it failed or was skipped. */
interface TestNote {
  readonly name: string;
  readonly reason: string;
}

/** What the runner knows when it is done. */
interface FinishedRun {
  readonly modules: readonly TestModule[];
  readonly unhandledErrors: readonly SerializedError[];
  readonly outcome: TestRunEndReason;
}

/** Counts what became of each test. Nothing that went wrong is left out because it happened outside a test. */
export function createTestReport({ modules, unhandledErrors, outcome }: FinishedRun): TestReport {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const skips = tests.filter((test) => test.result().state === 'skipped').map(noteSkip);
  const failures = [
    ...tests.flatMap(noteFailure),
    ...modules.flatMap(noteFailuresOutsideTests),
    ...unhandledErrors.map(({ message }) => ({ name: '(outside every test)', reason: message })),
  ];
  if (outcome === 'interrupted') failures.push({ name: '(the run)', reason: 'interrupted' });
  const passed = tests.filter((test) => test.result().state === 'passed').length;
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

/** The skipped tests by name, under the reason that they share; empty when none was. */
export function formatSkips({ skips }: Pick<TestReport, 'skips'>): string {
  const byReason = Object.entries(Object.groupBy(skips, ({ reason }) => reason));
  return byReason.map(([reason, notes = []]) => [`Skipped: ${reason}`, ...notes.map(({ name }) => `  ${name}`)].join('\n')).join('\n');
}

/** The line that ends `npm test` and `.ci/run`. */
export function formatClosingLine({ passed, failed, skipped }: TestReport): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

function noteSkip(test: TestCase): TestNote {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return { name: nameTest(test), reason: note ?? test.meta().skipReason ?? explainMode(test) };
}

function explainMode({ options: { mode } }: TestCase): string {
  return mode === 'skip' || mode === 'todo' ? `marked "${mode}"` : 'never reached';
}

function noteFailure(test: TestCase): readonly TestNote[] {
  const result = test.result();
  if (result.state === 'passed' || result.state === 'skipped') return [];
  const reason = result.state === 'failed' ? joinMessages(result.errors) : 'did not finish';
  return [{ name: nameTest(test), reason }];
}

function noteFailuresOutsideTests(module: TestModule): readonly TestNote[] {
  return [module, ...module.children.allSuites()]
    .filter((suite) => suite.errors().length > 0)
    .map((suite) => ({
      name: [module.relativeModuleId, 'fullName' in suite ? suite.fullName : '(the file)'].join(' > '),
      reason: joinMessages(suite.errors()),
    }));
}

function nameTest(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function joinMessages(errors: readonly { readonly message: string }[]): string {
  return errors.map(({ message }) => message).join('; ');
}
