import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runCommand } from '../test/peers/run-command.ts';
import { buildPackage } from './build-package.ts';
import type { Package } from './build-package.ts';

let built: Package;

beforeAll(async () => {
  built = await buildPackage();
});

/** All that a build's program consists of. */
async function readProgram(bucketry: string): Promise<string> {
  const folder = join(dirname(bucketry), '..', 'dist', 'program');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}

test('the builds differ in what they leave out, and in nothing else', async () => {
  const whole = await readProgram(built.bucketry);
  const untraced = await readProgram(built.variants['without-trace']);
  const once = await readProgram(built.variants['without-resending']);
  expect(whole).toContain('.tracePromise(');
  expect(whole).toContain('lateFactor');
  expect([untraced.includes('.tracePromise('), untraced.includes('lateFactor')]).toEqual([false, true]);
  expect([once.includes('.tracePromise('), once.includes('lateFactor')]).toEqual([true, false]);
});

test('every build runs', async () => {
  const versions = [built.bucketry, ...Object.values(built.variants)].map((path) => runCommand([process.execPath, path, '--version']));
  for (const { code, stdout } of await Promise.all(versions)) expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+/)]);
});

test('the engine alone refuses a file that there is not', async () => {
  const { code, stderr } = await runCommand([process.execPath, built.sendBlob, '/nowhere', `sha256:${'0'.repeat(64)}`, 'bucket', 'name']);
  expect(code).toBe(1);
  expect(stderr).toContain('there is no such file');
});
