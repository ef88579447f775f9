import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installPeer } from './install-peer.ts';
import { findPeer } from './peer-cache.ts';
import { runCommand } from './run-command.ts';
import type { CommandResult } from './run-command.ts';
import { createTemporaryFolder } from './temporary-folder.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

const INSTALL = fileURLToPath(new URL('install.ts', import.meta.url));

/** Stands in for the Go toolchain: notes each call, fails as often as told, then "builds". */
const PLANTED_GO = `#!/bin/sh
echo "$CGO_ENABLED $*" >>"$CALLS"
if [ "$(wc -l <"$CALLS")" -le "$FAILURES" ]; then echo 'proxy: connection reset' >&2; exit 1; fi
printf '#!/bin/sh\\necho v0.22.1\\n' >"$GOBIN/crane"
chmod +x "$GOBIN/crane"
`;

let folder: TemporaryFolder;
let calls: string;

beforeEach(async () => {
  folder = await createTemporaryFolder('install');
  calls = join(folder.path, 'calls');
  await mkdir(join(folder.path, 'bin'));
  await writeFile(join(folder.path, 'bin/go'), PLANTED_GO);
  await chmod(join(folder.path, 'bin/go'), 0o755);
});

afterEach(() => folder.remove());

function environment(failures: number): NodeJS.ProcessEnv {
  const PATH = `${join(folder.path, 'bin')}:${process.env['PATH'] ?? ''}`;
  const BUCKETRY_PEERS = join(folder.path, 'peers');
  return { ...process.env, PATH, BUCKETRY_PEERS, CALLS: calls, FAILURES: String(failures) };
}

async function countCalls(): Promise<number> {
  return (await readFile(calls, 'utf8')).trimEnd().split('\n').length;
}

function runInstall(args: readonly string[], failures = 0): Promise<CommandResult> {
  return runCommand([process.execPath, INSTALL, ...args], { env: environment(failures) });
}

describe('the installation of peers', () => {
  test('builds a missing one, and the second time finds it there', async () => {
    const first = await runInstall(['crane']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^crane +0\.22\.1 +\d+\.\d s {2}installed$/m);
    const second = await runInstall(['crane']);
    expect(second.stdout).toMatch(/^crane +0\.22\.1 +\d+\.\d s {2}already there$/m);
    expect(await readFile(calls, 'utf8')).toBe(
      '0 install -p 2 -trimpath -ldflags -s -w github.com/google/go-containerregistry/cmd/crane@v0.22.1\n',
    );
  });

  test('tries a download that fails once more', async () => {
    const { code } = await runInstall(['crane'], 1);
    expect(code).toBe(0);
    expect(await countCalls()).toBe(2);
  });

  test('names the peer, the command and its last lines after the second failure', async () => {
    const { code, stderr } = await runInstall(['crane'], 2);
    expect(code).toBe(1);
    expect(stderr).toMatch(/crane +FAILED after .*go install .*crane@v0.22.1" ended with code 1/);
    expect(stderr).toContain('proxy: connection reset');
    expect(stderr).toContain('Not installed: crane');
    expect(await countCalls()).toBe(2);
  });

  test('begins anew where an installation was cut short', async () => {
    const cacheFolder = join(folder.path, 'peers');
    await mkdir(join(cacheFolder, 'crane-0.22.1'), { recursive: true });
    await writeFile(join(cacheFolder, 'crane-0.22.1/crane'), 'half of it', { mode: 0o755 });
    expect(findPeer('crane', cacheFolder)).toBeUndefined();
    await installPeer('crane', { cacheFolder, env: environment(0) });
    expect(findPeer('crane', cacheFolder)).toBe(join(cacheFolder, 'crane-0.22.1/crane'));
  });

  test.runIf(process.getuid?.() === 0)('fetches new package lists where the system does not find a package', async () => {
    const apt = '#!/bin/sh\necho "$*" >>"$CALLS"; [ "$(wc -l <"$CALLS")" -gt 1 ]\n';
    await writeFile(join(folder.path, 'bin/apt-get'), apt, { mode: 0o755 });
    await installPeer('umoci', { env: environment(0) });
    const install = 'install -y --no-install-recommends umoci\n';
    expect(await readFile(calls, 'utf8')).toBe(`${install}update\n${install}`);
  });

  test('says which program is missing where it cannot build', async () => {
    const env = { ...environment(0), PATH: join(folder.path, 'nothing') };
    await expect(installPeer('crane', { cacheFolder: join(folder.path, 'peers'), env })).rejects.toThrow(/"go" is not on PATH/);
  });

  test.each([
    [['--set', 'some'], '--set some'],
    [['nobody'], 'There is no peer "nobody"'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await runInstall(args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
