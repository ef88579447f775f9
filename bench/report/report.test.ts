import { expect, test } from 'vitest';
import type { ContestantResult, ScenarioResult } from '../results.ts';
import { formatPerformance } from './format-performance.ts';
import { formatScenarioPlot } from './format-scenario-plot.ts';
import { formatTable } from './format-table.ts';

const mebibyte = 2 ** 20;

function contestant(name: string, seconds: readonly number[]): ContestantResult {
  const runs = seconds.map((each) => ({ wallMs: each * 1000, cpuMs: 500, peakBytes: 64 * mebibyte, serversCpuMs: 250, othersShare: 0.1 }));
  return {
    name,
    settings: 'as it comes',
    command: 'push',
    isOwn: name === 'ours',
    runs,
    requests: { count: 12, inSequence: 3, kinds: {} },
  };
}

const result: ScenarioResult = {
  scenario: 'push-198',
  shape: { rttMs: 30, mibPerConnection: 25, mibTotal: 640 },
  movedBytes: 198 * mebibyte,
  date: '2026-01-02T03:04:05.000Z',
  command: 'npm run bench -- --scenario push-198',
  loadBefore: 0.5,
  commit: 'abc1234',
  machine: { processors: '2 × fast', memoryBytes: 2 ** 34, system: 'linux', node: 'v26' },
  rounds: 3,
  contestants: [contestant('ours', [1, 1.1, 0.9]), contestant('slow & steady', [9, 9.1, 8.9]), contestant('alike', [1.05, 1.1, 0.95])],
  absent: [{ name: 'docker push', reason: 'needs dockerd' }],
};

test('a table has each contestant with its median, range, rate and requests', () => {
  const [, , own, slow, alike] = formatTable(result).split('\n');
  expect(own).toMatch(/^\| ours +\| +0\.90 \| +1\.00 \| +1\.10 \| +198 \| +0\.50 \| +2\.59 \| +0\.25 \| +64 \| +12 \| +3 \| +\|$/);
  expect(slow).toMatch(/9\.0 × as fast \(8\.1–10\.1\) \|$/);
  expect(alike).toMatch(/within noise \(0\.9–1\.2\) \|$/);
});

test('where nothing moves there is no rate, and a column without anything is left out', () => {
  const table = formatTable({ ...result, movedBytes: undefined });
  expect(table).not.toContain('198');
  expect(table).not.toContain('MiB/s');
  expect(table).not.toContain('CPU s/GiB');
  expect(formatScenarioPlot({ ...result, movedBytes: undefined })).not.toContain('MiB/s<');
});

test('the page says what was imposed, on what machine, at which commit, by which command, and who was absent', () => {
  const page = formatPerformance([result]);
  for (const part of [
    '30 ms a round trip',
    '25 MiB/s a connection',
    '640 MiB/s in all',
    '2 × fast',
    'abc1234',
    result.command,
    '2026-01-02',
  ]) {
    expect(page).toContain(part);
  }
  expect(page).toContain('docker push did not take part: it needs dockerd');
  expect(page).toContain('took 10 % of the processors');
});

test('scenarios come in their own order, whatever the order of the files', () => {
  const page = formatPerformance([{ ...result, scenario: 'start', shape: undefined }, result]);
  expect(page.indexOf('## Push of an image with one layer of 198 MiB, shaped')).toBeLessThan(
    page.indexOf('## Start of the command line, unshaped'),
  );
});

test('the page begins with what ours was held to', () => {
  const page = formatPerformance([{ ...result, contestants: [contestant('ours', [1]), contestant('crane push', [9])] }]);
  expect(page).toContain('| Push of an image with one layer of 198 MiB, shaped | ours was 9.0 × as fast as crane push |');
});

test('a plot has a bar for each contestant, as long as its median', () => {
  const plot = formatScenarioPlot(result);
  const widths = [...plot.matchAll(/class="bkt-(?:own|other)" x="\d+" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths).toHaveLength(3);
  expect(widths[1]! / widths[0]!).toBeCloseTo(9, 1);
  expect(plot).toContain('slow &amp; steady');
  expect(plot).toContain('30 ms a round trip, 25 MiB/s a connection</text>');
});

test('a page of no results is none', () => {
  expect(() => formatPerformance([])).toThrow('holds no result');
});
