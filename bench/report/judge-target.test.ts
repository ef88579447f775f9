import { expect, test } from 'vitest';
import type { Contestant } from '../contestants/contestant.ts';
import type { ContestantResult, ScenarioResult } from '../results.ts';
import { formatJudgement, judgeTarget } from './judge-target.ts';

const mebibyte = 2 ** 20;

function contestant(name: string, seconds: readonly number[], peakMib = 64): ContestantResult {
  const rest = { peakBytes: peakMib * mebibyte, serversCpuMs: 250, othersShare: 0.1, pace: { firstMibPerS: 500, lastMibPerS: 450 } };
  const runs = seconds.map((each) => ({ wallMs: each * 1000, cpuMs: each * 100, ...rest }));
  return { name, settings: '', command: '', runs };
}

const named = (name: string): Contestant => ({ name, settings: '', needs: [], command: () => ['true'] });

const result: ScenarioResult = {
  scenario: 'push-198',
  date: '2026-01-02T03:04:05.000Z',
  command: '',
  loadBefore: 0,
  machine: { processors: '', memoryBytes: 0, system: '', node: '' },
  rounds: 3,
  contestants: [contestant('ours', [1, 2, 1], 100), contestant('crane', [8, 9, 9]), contestant('node', [0.1])],
  absent: [],
};

test('a ratio of medians is held to what is wanted', () => {
  const target = { kind: 'as-fast-as', other: named('crane') } as const;
  expect(judgeTarget({ ...target, atLeast: 9 }, result)).toMatchObject({ isReached: true });
  expect(judgeTarget({ ...target, atLeast: 9.1 }, result)).toMatchObject({ isReached: false });
  expect(judgeTarget(target, result)).toEqual({ found: 'ours was 9.0 × as fast as crane' });
});

test('the start of the runtime is taken off ours alone', () => {
  const target = { kind: 'as-fast-without-start', other: named('crane'), start: named('node'), atLeast: 10 } as const;
  expect(judgeTarget(target, result)).toMatchObject({ isReached: true, found: expect.stringContaining('ours took 900 ms: 10.0 ×') });
});

test('processor time, time over another, memory and pace have bounds of their own', () => {
  expect(judgeTarget({ kind: 'processor', other: named('crane'), atMost: 0.1 }, result)).toMatchObject({ isReached: false });
  expect(judgeTarget({ kind: 'over', other: named('node'), atMostMs: 900 }, result)).toMatchObject({ isReached: true });
  expect(judgeTarget({ kind: 'memory', atMostMib: 99 }, result)).toMatchObject({ isReached: false });
  expect(judgeTarget({ kind: 'pace', atLeast: 0.9 }, result)).toMatchObject({ isReached: true });
});

test('who did not take part is not judged by', () => {
  expect(judgeTarget({ kind: 'as-fast-as', other: named('docker') }, result)).toBeUndefined();
});

test('a line says what was found, what was wanted, and whether it was reached', () => {
  expect(formatJudgement({ found: 'It took 5 ms', wanted: 'at most 4 ms', isReached: false })).toBe(
    '- It took 5 ms; at most 4 ms wanted: **not reached**.',
  );
  expect(formatJudgement({ found: 'It took 5 ms' })).toBe('- It took 5 ms.');
});
