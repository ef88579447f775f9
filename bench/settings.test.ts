import { expect, test } from 'vitest';
import { scenarios } from './scenarios.ts';
import { parseSettings, UsageError } from './settings.ts';

test('all scenarios are those that there are, in their order', () => {
  expect(parseSettings(['--all']).names).toEqual(Object.keys(scenarios));
  expect(parseSettings(['--scenario', 'start', '--scenario', 'push-198']).names).toEqual(['start', 'push-198']);
});

test('without a link that was not wanted the reason is told', () => {
  expect(parseSettings(['--all', '--unshaped']).unshapedReason).toBe('--unshaped was asked for');
});

test.each([
  [['--scenario', 'push-199'], 'There is no scenario "push-199"'],
  [[], 'Nothing to measure'],
  [['--all', '--rounds', '0'], 'a number from 1 on wanted'],
  [['--all', '--shaped', '--unshaped'], 'exclude each other'],
])('%j is refused', (args, message) => {
  expect(() => parseSettings(args)).toThrow(UsageError);
  expect(() => parseSettings(args)).toThrow(message);
});

test('each scenario compares with others that take part in it, and judges by them', () => {
  for (const { contestants, targets } of Object.values(scenarios)) {
    const names = new Set(contestants.map(({ name }) => name));
    expect(names.size).toBe(contestants.length);
    const others = targets.flatMap((target) => ('other' in target ? [target.other.name] : []));
    expect(others.filter((name) => !names.has(name))).toEqual([]);
    expect([...names].filter((name) => name.includes('|'))).toEqual([]); // a table's own bar
  }
});
