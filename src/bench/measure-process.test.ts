import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { measureProcess, type ProcessOutcome } from './measure-process.node.ts';

const isLinux = process.platform === 'linux';
const mebibyte = 2 ** 20;

interface ScriptOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

function measureScript(script: string, { signal = new AbortController().signal, timeoutMs = 100_000 }: ScriptOptions = {}) {
  return measureProcess([process.execPath, '-e', script], { environment: process.env, signal, timeoutMs });
}

function measurementOf(outcome: ProcessOutcome) {
  if (outcome.kind === 'failed') throw new Error(outcome.reason);
  return outcome.measurement;
}

/** Whether a process is there and has not ended; who has ended may wait for a parent that never looks. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isLinux || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

describe('a measured process', { timeout: 120_000 }, () => {
  test('that sleeps takes time and little of the processor', async () => {
    const { wallMs, cpuMs } = measurementOf(await measureScript('setTimeout(() => {}, 1000)'));
    expect(wallMs).toBeGreaterThan(1000);
    if (isLinux) expect(cpuMs).toBeLessThan(900);
  });

  test.runIf(isLinux)('that works and holds memory takes both', async () => {
    const script = `Buffer.alloc(200 * ${mebibyte}, 1); const start = process.cpuUsage().user; while (process.cpuUsage().user - start < 2e5);`;
    const { cpuMs, peakBytes } = measurementOf(await measureScript(script));
    expect(cpuMs).toBeGreaterThanOrEqual(200);
    expect(peakBytes).toBeGreaterThan(200 * mebibyte);
    expect(peakBytes).toBeLessThan(400 * mebibyte);
  });

  test.runIf(isLinux)('is charged with what the processes that it starts take', async () => {
    const child = `Buffer.alloc(150 * ${mebibyte}, 1); const start = process.cpuUsage().user; while (process.cpuUsage().user - start < 2e5);`;
    const script = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}])`;
    const { cpuMs, peakBytes } = measurementOf(await measureScript(script));
    expect(cpuMs).toBeGreaterThanOrEqual(200);
    expect(peakBytes).toBeGreaterThan(150 * mebibyte);
  });

  test('gives back what it printed', async () => {
    expect(await measureScript('console.log("done")')).toMatchObject({ kind: 'ended', stdout: 'done\n' });
  });

  test('that fails is no measurement: the reason holds its last words', async () => {
    expect(await measureScript('console.error("first\\nno such \\u001b[1mthing"); process.exit(3)')).toEqual({
      kind: 'failed',
      reason: 'it ended with code 3: first no such [1mthing',
    });
  });

  test('that cannot be started is no measurement either', async () => {
    const signal = new AbortController().signal;
    const outcome = await measureProcess(['no-such-program-anywhere'], { environment: process.env, signal, timeoutMs: 1000 });
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('cannot be started') });
  });

  test('that takes too long is ended', async () => {
    const outcome = await measureScript('setTimeout(() => {}, 60_000)', { timeoutMs: 1000 });
    expect(outcome).toEqual({ kind: 'failed', reason: 'it was still running after 1 s' });
  });

  test('is ended with all that it has started, though they do not want to, when the user stops', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'bkt-measure-')), 'pids');
    const note = `require('node:fs').appendFileSync(${JSON.stringify(file)}, process.pid + '\\n');`;
    const stubborn = `process.on('SIGTERM', () => {}); ${note} setTimeout(() => {}, 60_000);`;
    const script = `${stubborn} require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: 'inherit' });`;
    const controller = new AbortController();
    const stopped = expect(measureScript(script, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    const readPids = async (): Promise<number[]> => (await readFile(file, 'utf8')).trim().split('\n').map(Number);
    await expect.poll(async () => (await readPids()).length, { timeout: 20_000 }).toBe(2);
    controller.abort();
    await stopped;
    const pids = await readPids();
    await expect.poll(() => pids.filter(isAlive), { timeout: 5_000 }).toEqual([]);
    await rm(dirname(file), { recursive: true });
  });
});
