/**
 * `npm run check`: every gate that is not a test, two at a time, each with its time. A gate fails by its exit code; its output is shown then.
 * `node tools/check.ts NAME…` runs only those; `--root DIR` runs them elsewhere (its own test plants failures so).
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

interface Gate {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Gates that must have passed before. */
  readonly after?: readonly string[];
}

const gates: readonly Gate[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'neutral-types', command: ['tsc', '-p', 'tsconfig.neutral.json'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'unused', command: ['knip'] },
  { name: 'docs', command: ['node', 'src/cli/write-docs.node.ts', '--check'] },
  { name: 'build', command: ['tsc', '-p', 'tsconfig.build.json'] },
  { name: 'bundle', command: ['node', 'tools/bundle-program.ts'], after: ['build'] },
  { name: 'package', command: ['publint', '--strict'], after: ['build', 'bundle'] },
  { name: 'exports', command: ['attw', '--pack', '.', '--profile', 'esm-only'], after: ['build', 'bundle'] },
];

const { values, positionals } = parseArgs({ options: { root: { type: 'string', default: process.cwd() } }, allowPositionals: true });
const unknown = positionals.filter((name) => !gates.some((gate) => gate.name === name));
if (unknown.length > 0) throw new Error(`No gate "${unknown.join('", "')}": there are ${gates.map(({ name }) => name).join(', ')}`);

const chosen = gates.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const results = new Map<string, Promise<boolean>>();
let free: Promise<unknown>[] = Array.from({ length: Math.min(2, availableParallelism()) }, () => Promise.resolve());

for (const gate of chosen) {
  const [slot = Promise.resolve(), ...rest] = free;
  const before = (gate.after ?? []).map((name) => results.get(name) ?? Promise.resolve(true));
  const run = Promise.all([slot, ...before]).then(([, ...passed]) => passed.every(Boolean) && runGate(gate));
  results.set(gate.name, run);
  free = [...rest, run];
}
const passed = await Promise.all(results.values());
console.log(`${passed.filter(Boolean).length} gates passed, ${passed.filter((ok) => !ok).length} failed`);
process.exitCode = passed.every(Boolean) ? 0 : 1;

/** Runs one gate; resolves to whether it passed. */
function runGate({ name, command: [program, ...args] }: Gate): Promise<boolean> {
  const started = performance.now();
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: values.root, stdio: ['ignore', 'pipe', 'pipe'], shell: process.platform === 'win32' });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', (error) => output.push(Buffer.from(String(error))));
    child.on('close', (code) => {
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(14)} ${((performance.now() - started) / 1000).toFixed(1)} s`);
      if (code !== 0) console.log(Buffer.concat(output).toString());
      resolve(code === 0);
    });
  });
}
