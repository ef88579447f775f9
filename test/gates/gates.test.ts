import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const good: Readonly<Record<string, string>> = {
  'package.json': formatJson({
    name: 'planted',
    version: '1.0.0',
    license: 'Apache-2.0',
    files: ['dist'],
    type: 'module',
    exports: { '.': { types: './dist/main.d.ts', default: './dist/main.js' } },
  }),
  'src/main.ts': 'export const answer: number = 42;\n',
};

function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketry-gates-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A project of one file under our configuration, with `files` over it; resolves to the gate's verdict and words. */
async function runGate(gates: readonly string[], files: Readonly<Record<string, string>>): Promise<{ passed: boolean; output: string }> {
  const project = await mkdtemp(join(folder, 'project-'));
  for (const name of ['tsconfig.json', 'tsconfig.neutral.json', 'tsconfig.build.json', '.oxlintrc.json', '.oxfmtrc.json', '.gitignore']) {
    await cp(join(root, name), join(project, name));
  }
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'));
  for (const [name, text] of Object.entries({ ...good, ...files })) {
    await mkdir(dirname(join(project, name)), { recursive: true });
    await writeFile(join(project, name), text);
  }
  const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
  return new Promise((resolve) => {
    execFile('node', [join(root, 'tools/check.ts'), '--root', project, ...gates], { cwd: project, env }, (error, stdout, stderr) =>
      resolve({ passed: error === null, output: stdout + stderr }),
    );
  });
}

describe('npm run check', () => {
  it('passes a project without faults', async () => {
    const { passed, output } = await runGate(['types', 'neutral-types', 'lint', 'format', 'build', 'package', 'exports'], {});
    expect(output).toContain('7 gates passed, 0 failed');
    expect(passed).toBe(true);
  });

  const planted = [
    { gate: 'types', fault: 'a wrong type', files: { 'src/main.ts': `export const answer: number = 'x';\n` }, words: 'TS2322' },
    {
      gate: 'types',
      fault: 'an index that may be absent',
      files: { 'src/main.ts': 'export const a: number = [1][0];\n' },
      words: 'TS2322',
    },
    {
      gate: 'neutral-types',
      fault: 'a global of Node in a neutral file',
      files: { 'src/main.ts': 'export const a: string = process.title;\n' },
      words: 'process',
    },
    {
      gate: 'lint',
      fault: 'a floating promise',
      files: { 'src/main.ts': 'export function f(): void {\n  fetch("x");\n}\n' },
      words: 'no-floating-promises',
    },
    {
      gate: 'lint',
      fault: 'a thrown text',
      files: { 'src/main.ts': `export function f(): void {\n  throw 'x';\n}\n` },
      words: 'only-throw-error',
    },
    {
      gate: 'lint',
      fault: 'a switch that forgets a case',
      files: { 'src/main.ts': `export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      f('b');\n  }\n}\n` },
      words: 'switch-exhaustiveness-check',
    },
    {
      gate: 'lint',
      fault: 'a cycle of imports',
      files: {
        'src/main.ts': `export { b } from './b.ts';\nexport const a = 1;\n`,
        'src/b.ts': `import { a } from './main.ts';\nexport const b = a;\n`,
      },
      words: 'no-cycle',
    },
    { gate: 'format', fault: 'an unformatted file', files: { 'src/main.ts': 'export const answer   = 42\n' }, words: 'src/main.ts' },
    { gate: 'unused', fault: 'an export that nobody uses', files: { 'src/other.ts': 'export const lonely = 1;\n' }, words: 'other.ts' },
    { gate: 'build', fault: 'a source that does not compile', files: { 'src/main.ts': 'export const = 1;\n' }, words: 'TS1' },
    { gate: 'bundle', fault: 'a missing bundler', files: {}, words: 'bundle-program' },
    { gate: 'package', fault: 'an export without a file', files: {}, words: 'dist/main.js' },
    { gate: 'docs', fault: 'a missing generator', files: {}, words: 'write-docs' },
  ];
  it.each(planted)('gate "$gate" fails on $fault', async ({ gate, files, words }) => {
    const { passed, output } = await runGate([gate], files);
    expect(output).toMatch(new RegExp(`FAILED ${gate}`));
    expect(output).toContain(words);
    expect(passed).toBe(false);
  });

  it('gate "exports" fails where types cannot be resolved', async () => {
    const broken = JSON.stringify({
      ...JSON.parse(good['package.json']!),
      exports: { '.': { types: './dist/none.d.ts', default: './dist/main.js' } },
    });
    const { passed, output } = await runGate(['build', 'exports'], { 'package.json': broken });
    expect(output).toContain('FAILED exports');
    expect(passed).toBe(false);
  });

  it('refuses a gate that does not exist, instead of running none', async () => {
    const { passed, output } = await runGate(['typos'], {});
    expect(output).toContain('No gate "typos"');
    expect(passed).toBe(false);
  });
});
