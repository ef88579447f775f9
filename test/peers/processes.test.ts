import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { findFreePort } from './free-port.ts';
import { runCommand } from './run-command.ts';
import { startServer } from './server-process.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

/** A shell that starts another process, says both numbers, and waits; `exec` would leave only one to find. */
const FAMILY = 'sleep 600 & echo "$$ $!"; wait';

/** A process that has ended stays listed, as a zombie, until its new parent takes note of it. */
function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/status`, 'utf8').includes('\nState:\tZ');
  } catch {
    return false;
  }
}

describe('a command', () => {
  test('gives its code and both outputs, and reads its input', async () => {
    const script = 'read -r line; echo "out $line"; echo err >&2; exit 7';
    const result = await runCommand(['sh', '-c', script], { input: 'in\n' });
    expect(result).toEqual({ code: 7, stdout: 'out in\n', stderr: 'err\n' });
  });

  test('sees only the environment that it is given', async () => {
    const { stdout } = await runCommand(['/usr/bin/env'], { env: { ONLY: 'this' } });
    expect(stdout).toBe('ONLY=this\n');
  });

  test('is stopped with all it started when its time is up, and its last words are in the error', async () => {
    const folder = await createTemporaryFolder('family');
    const file = join(folder.path, 'pids');
    const command = ['sh', '-c', `${FAMILY.replace('; wait', '')} | tee ${file}; wait`] as const;
    await expect(runCommand(command, { timeoutMs: 300 })).rejects.toThrow(/Cannot finish "sh -c/);
    const pids = (await readFile(file, 'utf8')).trim().split(' ').map(Number);
    await vi.waitFor(() => {
      expect(pids.filter(isRunning)).toEqual([]);
    });
    await folder.remove();
  });

  test('is stopped by its signal', async () => {
    const stop = new AbortController();
    const running = runCommand(['sleep', '600'], { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(running).rejects.toMatchObject({ cause: new Error('enough') });
  });

  test('that does not exist is an error, not a code', async () => {
    await expect(runCommand(['no-such-program'])).rejects.toThrow(/ENOENT/);
  });
});

describe('a server', () => {
  test('that ends instead of getting ready is an error with its last words', async () => {
    const start = startServer({
      command: ['sh', '-c', 'echo "port is taken" >&2; exit 3'],
      isReady: () => Promise.resolve(false),
    });
    await expect(start).rejects.toThrow(/Cannot start "sh.*port is taken/);
  });

  test('that never gets ready is stopped and is an error', async () => {
    const start = startServer({
      command: ['sleep', '600'],
      isReady: () => Promise.reject(new Error('refused')),
      readyTimeoutMs: 200,
    });
    await expect(start).rejects.toThrow(/Cannot start "sleep 600"/);
  });

  test('that ignores SIGTERM is killed', async () => {
    const server = await startServer({
      command: ['sh', '-c', 'trap "" TERM; echo ready; sleep 600 & wait; wait'],
      isReady: () => Promise.resolve(true),
      stopGraceMs: 200,
    });
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });
});

describe('when the test process is killed', () => {
  test('what it started and its temporary folders are gone soon after', async () => {
    const modules = ['process-group.ts', 'temporary-folder.ts'].map((name) => JSON.stringify(join(import.meta.dirname, name)));
    const script = `
import { spawnGroup } from ${modules[0]};
import { createTemporaryFolder } from ${modules[1]};
const folder = await createTemporaryFolder('orphan');
const group = await spawnGroup(['sleep', '600']);
console.log(group.pid, folder.path);
await group.ended;`;
    const victim = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
    const [line] = await once(victim.stdout.setEncoding('utf8'), 'data');
    const [pid = '', path = ''] = String(line).trim().split(' ');
    expect(isRunning(Number(pid))).toBe(true);
    expect(existsSync(path)).toBe(true);
    victim.kill('SIGKILL');
    await vi.waitFor(
      () => {
        expect(isRunning(Number(pid))).toBe(false);
        expect(existsSync(path)).toBe(false);
      },
      { timeout: 10_000, interval: 50 },
    );
  });
});

test('a free port is one that can be listened on', async () => {
  const port = await findFreePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
