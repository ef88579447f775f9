import { describe, expect, test } from 'vitest';
import { runPlantedTests } from '../test/peers/planted-run.ts';

const MIXED = `import { beforeAll, describe, expect, test } from 'vitest';
test('holds', () => {});
test('does not hold', () => { expect(1, 'one is two').toBe(2); });
test('cannot be tried', ({ skip }) => { skip('no moon tonight'); });
test.skip('is put aside', () => {});
test.todo('is still to come');
describe('a suite', () => {
  beforeAll(() => { throw new Error('the hook broke'); });
  test('is never reached', () => {});
});
describe.skip('a skipped suite', { meta: { skipReason: 'needs a sun' } }, () => {
  test('in it', () => {});
});
`;

describe('the closing report', { timeout: 60_000 }, () => {
  test('counts every test, names each skip with its reason, and ends with the closing line', async () => {
    const { code, stdout, report } = await runPlantedTests({ 'mixed.test.ts': MIXED });
    expect(code).toBe(1);
    expect(report.skips).toEqual([
      { name: 'mixed.test.ts > cannot be tried', reason: 'no moon tonight' },
      { name: 'mixed.test.ts > is put aside', reason: 'marked "skip"' },
      { name: 'mixed.test.ts > is still to come', reason: 'marked "todo"' },
      { name: 'mixed.test.ts > a suite > is never reached', reason: 'never reached' },
      { name: 'mixed.test.ts > a skipped suite > in it', reason: 'needs a sun' },
    ]);
    expect(report.failures).toEqual([
      { name: 'mixed.test.ts > does not hold', reason: expect.stringContaining('one is two') },
      { name: 'mixed.test.ts > a suite', reason: 'the hook broke' },
    ]);
    expect(stdout).toContain('Skipped: needs a sun\n  mixed.test.ts > a skipped suite > in it\n');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 2 failed, 5 skipped');
  });

  test('counts a file that does not load as a failure', async () => {
    const { code, report } = await runPlantedTests({
      'broken.test.ts': 'throw new Error("cannot load");',
      'good.test.ts': 'import { test } from "vitest"; test("holds", () => {});',
    });
    expect(code).toBe(1);
    expect(report).toMatchObject({ passed: 1, failed: 1, skipped: 0 });
    expect(report.failures[0]).toEqual({
      name: 'broken.test.ts > (the file)',
      reason: 'cannot load',
    });
  });

  test('counts an error outside every test as a failure', async () => {
    const { code, report } = await runPlantedTests({
      'stray.test.ts':
        'import { test } from "vitest"; test("holds", async () => { void Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 20)); });',
    });
    expect(code).toBe(1);
    expect(report).toMatchObject({ passed: 1, failed: 1 });
    expect(report.failures[0]?.reason).toBe('lost');
  });
});
