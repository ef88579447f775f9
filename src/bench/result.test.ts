import { expect, test } from 'vitest';
import { type BenchFrame, createBenchResult } from './bench-result.ts';
import type { BenchRun } from './bench-run.ts';
import type { Contestant } from './contestant.ts';
import { formatPage } from './format-page.ts';
import { formatResult, formatResultPlot } from './format-result.ts';

const mebibyte = 2 ** 20;

const frame: BenchFrame = {
  date: '2026-01-02T03:04:05.000Z',
  bucket: 's3://my-bucket',
  registry: 'registry.example.com/bench',
  layers: 1,
  bytes: 198 * mebibyte,
  rounds: 3,
  machine: '2 × <fast>',
  load: { before: 0.3, processors: 2 },
  measuredBy: 'CPU: by hand.',
  skipped: [{ name: 'docker', reason: 'it is not on PATH' }],
};

function contestant(name: string, title: string, way: Contestant['way'], isOwn: boolean): Contestant {
  return { name, title, way, isOwn, settings: `${name} push`, command: () => ['true'], remove: async () => [] };
}

const registry = contestant('registry-push', 'registry push', 'registry', true);
const crane = contestant('crane', 'registry push by crane', 'registry', false);
const sequential = contestant('bucket-sequential', 'bucket, one connection', 'bucket', true);
const parallel = contestant('bucket-parallel', 'bucket, parallel', 'bucket', true);

function runsOf(one: Contestant, seconds: readonly number[], more: Partial<BenchRun> = {}): BenchRun[] {
  return seconds.map((each, index) => ({
    contestant: one,
    round: index + 1,
    result: { kind: 'measured', measurement: { wallMs: each * 1000, cpuMs: 198, peakBytes: 64 * mebibyte } },
    leftovers: [],
    ...more,
  }));
}

/** The figures that this project began with. */
const founding = createBenchResult(
  frame,
  [registry, sequential, parallel],
  [...runsOf(registry, [7, 8.2, 7.5]), ...runsOf(sequential, [7, 7.2, 7.3]), ...runsOf(parallel, [1, 1.7, 1.2])],
);

test('the short table has the shape of the observation that this project began with', () => {
  const [heading, short] = formatResult(founding).split('\n\n');
  expect(heading).toBe('1 layer of 198 MiB, 3 runs each, into s3://my-bucket and registry.example.com/bench');
  expect(short?.split('\n')).toEqual([
    '                          seconds    MiB/s  bucket, parallel is',
    'registry push           7.00–8.20    24–28  6.3 × as fast (4.1–8.2)',
    'bucket, one connection  7.00–7.30    27–28  6.0 × as fast (4.1–7.3)',
    'bucket, parallel        1.00–1.70  116–198',
  ]);
});

test('the full table has all that was measured of each', () => {
  const full = formatResult(founding).split('\n\n')[2] ?? '';
  expect(full).toContain('min s  median s  max s  MiB/s  CPU s/GiB  peak MiB');
  expect(full).toMatch(/^registry push +7\.00 +7\.50 +8\.20 +26 +1\.02 +64 +6\.3 × as fast/m);
});

test('of several who pushed to the registry the fastest stands in the short table, by name', () => {
  const result = createBenchResult(
    frame,
    [registry, crane, parallel],
    [...runsOf(registry, [9, 9, 9]), ...runsOf(crane, [7, 7, 7]), ...runsOf(parallel, [1, 1, 1])],
  );
  expect(formatResult(result).split('\n\n')[1]).toMatch(/^registry push, the fastest: crane +7\.00 +28 +7\.0 × as fast \(7\.0–7\.0\)$/m);
});

test('a difference within noise is said to be one, and what that means', () => {
  const result = createBenchResult(frame, [registry, parallel], [...runsOf(registry, [1, 1.1, 1.05]), ...runsOf(parallel, [1, 1.05, 1.1])]);
  const text = formatResult(result);
  expect(text).toContain('within noise (');
  expect(text).not.toContain('as fast');
  expect(text).toContain('Within noise: the medians lie less than 15 % apart');
});

test('two runs are said to be too few', () => {
  const text = formatResult(createBenchResult(frame, [registry, parallel], [...runsOf(registry, [9, 9]), ...runsOf(parallel, [1, 1])]));
  expect(text).toContain('too few runs (9.0–9.0)');
  expect(text).toContain('fewer than 3 of one of them');
});

test('what nobody could tell is left empty, and null as JSON', () => {
  const untold = runsOf(parallel, [1, 1, 1], {
    result: { kind: 'measured', measurement: { wallMs: 1000, cpuMs: undefined, peakBytes: undefined } },
  });
  const result = createBenchResult(frame, [parallel], untold);
  expect(JSON.parse(JSON.stringify(result.contestants[0]?.summary))).toMatchObject({ cpuSecondsPerGib: null, peakBytes: null });
  expect(formatResult(result)).toMatch(/^bucket, parallel +1\.00 +1\.00 +1\.00 +198$/m);
});

test('who failed, who was skipped and what is still there are named', () => {
  const failed = runsOf(crane, [1], { result: { kind: 'failed', reason: 'no daemon' }, leftovers: ['host/name:tag', 'host/name:tag'] });
  const result = createBenchResult(frame, [crane, parallel], [...failed, ...runsOf(parallel, [1, 1, 1])]);
  const text = formatResult(result);
  expect(text).toMatch(/^registry push by crane +failed$/m);
  expect(text).toContain('Failed: no daemon');
  expect(text).toContain('Skipped docker: it is not on PATH');
  expect(text.split('Still there: host/name:tag')).toHaveLength(2);
  expect(result.comparisons).toEqual([]);
});

test('a machine that others use too is said to be one', () => {
  expect(formatResult(founding)).not.toContain('Others were at work');
  const busy = createBenchResult({ ...frame, load: { before: 13.26, processors: 2 } }, [parallel], runsOf(parallel, [1, 1, 1]));
  expect(formatResult(busy)).toContain('Others were at work: 13.3 processes wanted 2 processors');
});

test('the plot shows the same medians, pushes into the bucket in another colour', () => {
  const plot = formatResultPlot(founding) ?? '';
  expect(plot).toContain('Push of 1 layer of 198 MiB');
  expect(plot).toContain('7.50 s, 26 MiB/s');
  expect(plot.match(/class="bkt-own"/g)).toHaveLength(2);
  expect(formatResultPlot(createBenchResult(frame, [crane], []))).toBeUndefined();
});

test('the page holds plot and tables, loads nothing, and takes texts as texts', () => {
  const page = formatPage(founding);
  expect(page.match(/<table>/g)).toHaveLength(2);
  expect(page).toContain('<svg ');
  expect(page).toContain('2 × &lt;fast&gt;');
  expect(page.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|src=|url\(|@import|<script/);
});
