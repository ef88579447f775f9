import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../test/peers/peer-cache.ts';
import { measureCommand, parseMeasurement } from './measure-command.ts';

test('a measurement is read in milliseconds and bytes', () => {
  expect(parseMeasurement('1500000000 200000 50000 1024\n')).toEqual({ wallMs: 1500, cpuMs: 250, peakBytes: 1048576 });
});

test.each(['', '1 2 3', '1 2 x 4'])('%j is no measurement', (line) => {
  expect(() => parseMeasurement(line)).toThrow('4 numbers wanted');
});

const skipReason = findProgram('gcc') === undefined ? 'measuring needs gcc' : undefined;

describe.skipIf(skipReason !== undefined)('a measured command', { meta: skipReason === undefined ? {} : { skipReason } }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bkt-measure-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const measureScript = (script: string): ReturnType<typeof measureCommand> =>
    measureCommand({ command: [process.execPath, '-e', script], folder });

  test('that sleeps takes time and little of the processor', async () => {
    const { wallMs, cpuMs } = await measureScript('setTimeout(() => {}, 1000)');
    expect(wallMs).toBeGreaterThan(1000);
    expect(cpuMs).toBeLessThan(900);
  });

  test('that works and holds memory takes both', async () => {
    const { cpuMs, peakBytes } = await measureScript(
      'Buffer.alloc(200 * 2 ** 20, 1); const start = process.cpuUsage().user; while (process.cpuUsage().user - start < 5e5);',
    );
    expect(cpuMs).toBeGreaterThan(500);
    expect(peakBytes).toBeGreaterThan(200 * 2 ** 20);
  });

  test('that fails is no measurement', async () => {
    await expect(measureScript('console.error("no such thing"); process.exit(3)')).rejects.toThrow(/ended with code 3: no such thing/);
  });
});
