import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../test/peers/peer-cache.ts';
import { bucketryPush } from './contestants/bucketry.ts';
import type { Contestant } from './contestants/contestant.ts';
import { openSession } from './open-session.ts';
import type { Session } from './open-session.ts';
import { runRounds } from './run-rounds.ts';
import type { Scenario } from './scenario.ts';

const signal = new AbortController().signal;
const failing: Contestant = { name: 'failing', settings: '', needs: [], command: () => ['sh', '-c', 'echo no >&2; exit 3'] };
const lazy: Contestant = { name: 'lazy', settings: '', needs: [], command: () => ['true'] };
const absent: Contestant = { ...lazy, name: 'absent', programs: ['no-such-program'] };

const scenario: Scenario = {
  title: '',
  meaning: '',
  limits: '',
  image: { kind: 'noise', layers: 1, layerBytes: 2 ** 20, seed: 'rounds' },
  store: 'sink',
  stored: 'empty',
  moves: true,
  contestants: [bucketryPush, failing, lazy, absent],
  isCounted: false,
  targets: [],
};

const missing = ['gcc'].filter((name) => findProgram(name) === undefined);
const skipReason = missing.length > 0 ? `the sink needs ${missing.join(', ')}` : undefined;

describe.skipIf(skipReason !== undefined)('rounds', { meta: skipReason === undefined ? {} : { skipReason } }, () => {
  let session: Session;

  beforeEach(async () => {
    session = await openSession(scenario, undefined, signal);
  });

  afterEach(() => session.close());

  test('go on without those who fail, or store nothing, and say so', async () => {
    const lines: string[] = [];
    const field = scenario.contestants.filter((contestant) => session.homes.has(contestant));
    const options = { rounds: 2, link: undefined, signal, onProgress: (line: string) => void lines.push(line) };
    const { runs, failed } = await runRounds(scenario, field, session, options);
    expect([...runs.keys()]).toEqual([bucketryPush]);
    expect(runs.get(bucketryPush)).toHaveLength(2);
    expect(failed.map(({ name }) => name).toSorted()).toEqual(['failing', 'lazy']);
    expect(lines.join('\n')).toContain('ended with code 3: no');
    expect(lines.join('\n')).toMatch(/"lazy" ended well, but stored \d+ bytes of \d+/);
    expect(session.absent).toEqual([{ name: 'absent', reason: 'needs "no-such-program", which is not on PATH' }]);
  });

  test('end where the first one fails', async () => {
    const options = { rounds: 1, link: undefined, signal, onProgress: () => {} };
    await expect(runRounds(scenario, [failing], session, options)).rejects.toThrow('ended with code 3');
  });

  test('give those who take long fewer turns, and no warm-up', async () => {
    const seldom = { ...scenario, seldom: [bucketryPush] };
    const { runs } = await runRounds(seldom, [bucketryPush], session, { rounds: 4, link: undefined, signal, onProgress: () => {} });
    expect(runs.get(bucketryPush)).toHaveLength(3);
  });
});
