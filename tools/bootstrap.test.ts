import { cp, mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../test/peers/run-command.ts';
import type { CommandResult } from '../test/peers/run-command.ts';
import { createTemporaryFolder } from '../test/peers/temporary-folder.ts';
import type { TemporaryFolder } from '../test/peers/temporary-folder.ts';

const BOOTSTRAP = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));

/** Stands in for npm: "installs" a Node that says the given version, and a vitest that says how it was called. */
const PLANTED_NPM = `#!/bin/sh
echo "$1" >>npm-calls
[ -z "$NPM_FAILS" ] || { echo 'npm error network' >&2; exit 1; }
mkdir -p node_modules/.bin
printf '#!/bin/sh\\necho %s\\n' "$PLANTED_NODE" >node_modules/.bin/node
printf '#!/bin/sh\\necho "vitest $* on $(node --version)"; exit 5\\n' >node_modules/.bin/vitest
chmod +x node_modules/.bin/*
echo noise of npm
touch node_modules/.package-lock.json
`;

let project: TemporaryFolder;

beforeEach(async () => {
  project = await createTemporaryFolder('bootstrap');
  await mkdir(join(project.path, 'tools'));
  await mkdir(join(project.path, 'bin'));
  await cp(BOOTSTRAP, join(project.path, 'tools/bootstrap.mjs'));
  await writeFile(join(project.path, 'package-lock.json'), '{}');
  await writeFile(join(project.path, 'bin/npm'), PLANTED_NPM, { mode: 0o755 });
});

afterEach(() => project.remove());

function bootstrap(args: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
  const PATH = [join(project.path, 'bin'), '/usr/bin', '/bin'].join(delimiter);
  const env = { PATH, PLANTED_NODE: 'v26.0.0', ...variables };
  return runCommand([process.execPath, join(project.path, 'tools/bootstrap.mjs'), ...args], { env, cwd: '/' });
}

async function readNpmCalls(): Promise<string> {
  return readFile(join(project.path, 'npm-calls'), 'utf8');
}

describe('the bootstrap', () => {
  test('installs what is missing, then runs the task on the Node it installed, and ends with its code', async () => {
    const { code, stdout, stderr } = await bootstrap(['test', 'src/oci']);
    expect(stdout).toBe('vitest run src/oci on v26.0.0\n');
    expect(stderr).toContain('npm ci');
    expect(code).toBe(5);
    expect(await readNpmCalls()).toBe('ci\n');
  });

  test('installs nothing the second time, until package-lock.json changes', async () => {
    await bootstrap(['test']);
    expect((await bootstrap(['test'])).stderr).toBe('');
    expect(await readNpmCalls()).toBe('ci\n');
    const later = new Date(Date.now() + 60_000);
    await utimes(join(project.path, 'package-lock.json'), later, later);
    await bootstrap(['test']);
    expect(await readNpmCalls()).toBe('ci\nci\n');
  });

  test('says so where npm fails, and does not run the task', async () => {
    const { code, stdout, stderr } = await bootstrap(['test'], { NPM_FAILS: '1' });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/npm error network\nCannot install the development tools: npm ci ended with code 1\n$/);
    expect(code).toBe(1);
  });

  test('refuses to go on with a Node that is too old', async () => {
    const { code, stdout, stderr } = await bootstrap(['test'], { PLANTED_NODE: 'v22.1.0' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/Cannot find Node 24 or newer: "node" is v22\.1\.0/);
  });

  test('names the tasks there are', async () => {
    const { code, stderr } = await bootstrap(['toString']);
    expect(code).toBe(1);
    expect(stderr).toBe('Usage: node tools/bootstrap.mjs test|demo|bench|check|peers [ARGUMENT…]\n');
  });
});
