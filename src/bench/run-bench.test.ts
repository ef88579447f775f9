import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BenchRun } from './bench-run.ts';
import type { Contestant, Stage } from './contestant.ts';
import { leastLayerBytes } from './make-image.node.ts';
import { type BenchOptions, runBench } from './run-bench.node.ts';

let folder: string;
/** `remove` and `putBack` of all contestants, as they were called. */
let tidied: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bkt-bench-'));
  tidied = [];
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function contestant(name: string, script: string, more: Partial<Contestant> = {}): Contestant {
  return {
    name,
    title: name,
    way: 'bucket',
    settings: '',
    isOwn: false,
    command: ({ image }) => [process.execPath, '-e', script, image.layerFiles[0]],
    remove: async ({ run }) => {
      tidied.push(run);
      return [];
    },
    ...more,
  };
}

function run(contestants: readonly Contestant[], changes: Partial<BenchOptions> = {}, signal = new AbortController().signal) {
  const options = { contestants, layers: 1, layerBytes: leastLayerBytes, runs: 2, id: 'x', folder, environment: process.env, ...changes };
  return Array.fromAsync(runBench(options, signal));
}

const outcomes = (runs: readonly BenchRun[]): string[] => runs.map((each) => `${each.contestant.name} ${each.round} ${each.result.kind}`);

test('all run once a round, on bytes that are new each time, and what each sent is removed', async () => {
  const layers: string[] = [];
  const note = ({ image, run }: Stage): void => void layers.push(`${run} ${image.blobs[1]?.digest}`);
  const contestants = ['a', 'b'].map((name) =>
    contestant(name, 'require("node:fs").statSync(process.argv[1])', {
      prepare: (stage) => {
        note(stage);
        return [];
      },
    }),
  );
  const runs = await run(contestants);
  expect(outcomes(runs).sort()).toEqual(['a 1 measured', 'a 2 measured', 'b 1 measured', 'b 2 measured']);
  expect(new Set(layers.map((line) => line.split(' ')[1])).size).toBe(4);
  expect(tidied.sort()).toEqual(['bench-x-a-1', 'bench-x-a-2', 'bench-x-b-1', 'bench-x-b-2']);
  expect(await readdir(folder)).toEqual([]);
});

test('who fails is named with the reason, is cleaned up after, and is not asked again; the others go on', async () => {
  const runs = await run([contestant('bad', 'console.error("no daemon"); process.exit(1)'), contestant('good', '0')]);
  expect(outcomes(runs).sort()).toEqual(['bad 1 failed', 'good 1 measured', 'good 2 measured']);
  const bad = runs.find((each) => each.contestant.name === 'bad');
  expect(bad?.result).toMatchObject({ reason: expect.stringContaining('no daemon') });
  expect(tidied).toContain('bench-x-bad-1');
});

test('who cannot be prepared fails, and what was prepared is put back', async () => {
  const file = join(folder, 'put-back');
  const unprepared = contestant('unprepared', '0', {
    prepare: () => [[process.execPath, '-e', 'process.exit(4)']],
    putBack: () => [[process.execPath, '-e', `require('node:fs').writeFileSync(${JSON.stringify(file)}, '')`]],
  });
  const [only] = await run([unprepared], { runs: 1 });
  expect(only?.result).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/^node\S*, before it: it ended with code 4/) });
  expect(await readdir(folder)).toEqual(['put-back']);
});

test('what cannot be removed is named', async () => {
  const kept = contestant('kept', '0', { remove: async () => ['host/name:tag: not deleted'] });
  const broken = contestant('broken', '0', { remove: () => Promise.reject(new Error('access denied')) });
  const runs = await run([kept, broken], { runs: 1 });
  expect(runs.flatMap(({ leftovers }) => leftovers).sort()).toEqual([
    'host/name:tag: not deleted',
    'what bench-x-broken-1 has sent, if anything: access denied',
  ]);
});

test('what cannot be put back is named', async () => {
  const stuck = contestant('stuck', '0', {
    remove: () => Promise.reject(new Error('timed out')),
    putBack: ({ run: name }) => [[process.execPath, '-e', 'console.error("no daemon"); process.exit(1)', name]],
  });
  const [only] = await run([stuck], { runs: 1 });
  expect(only?.leftovers).toEqual([
    expect.stringContaining('timed out'),
    expect.stringMatching(/^what ".* bench-x-stuck-1" removes here: it ended with code 1: no daemon$/),
  ]);
});

test('a daemon does not hide behind the figures of its client', async () => {
  const [only] = await run([contestant('client', '0', { hasDaemon: true })], { runs: 1 });
  expect(only?.result).toMatchObject({ measurement: { cpuMs: undefined, peakBytes: undefined } });
});

test('where the user stops, what was being sent is removed first', async () => {
  const controller = new AbortController();
  const slow = contestant('slow', 'setTimeout(() => {}, 60_000)', {
    prepare: () => {
      setTimeout(() => controller.abort(), 300);
      return [];
    },
  });
  await expect(run([slow], {}, controller.signal)).rejects.toMatchObject({ code: 'aborted' });
  expect(tidied).toEqual(['bench-x-slow-1']);
  expect(await readdir(folder)).toEqual([]);
});
