import { describe, expect, it } from 'vitest';
import { createListModel, type ListRules, newListSystem } from './derived-list.ts';
import { type Exploration, explore } from './explore.ts';

const soundRules: ListRules = { conditions: 'atomic', etag: 'bytes', checkAfterPut: true, glanceFirst: true, foresee: true };

/** Tags that are there, and what the writers do to them. */
const meetings: readonly (readonly [tags: readonly string[], changes: readonly string[]])[] = [
  [[], ['+a', '+b', '+c']],
  [['a'], ['-a', '+a']],
  [['a'], ['-a', '+a', '+b']],
  [
    ['a', 'b'],
    ['-a', '+a', '-b'],
  ],
];

function run([tags, changes]: (typeof meetings)[number], rules: Partial<ListRules>): Exploration {
  return explore(createListModel(newListSystem(tags, changes), { ...soundRules, ...rules }));
}

describe('a derived list, while many write', () => {
  it.each<Partial<ListRules>>([
    {},
    { foresee: false },
    { glanceFirst: false },
    { etag: 'write' },
    { etag: 'write', foresee: false },
    { conditions: 'ignored' },
    { conditions: 'ignored', glanceFirst: false },
  ])('says in the end what the truth says, with %j', (rules) => {
    for (const meeting of meetings) {
      const { violation, ends } = run(meeting, rules);
      expect(violation).toBeUndefined();
      expect(ends).toBeGreaterThan(0);
    }
  });

  it('is wrong when nobody lists again after a PUT, conditions or not: the ETag of a list comes back with its bytes', () => {
    const [, setAgain] = meetings;
    expect(run(setAgain!, { checkAfterPut: false, foresee: false }).violation?.message).toMatch(/the list says "", but there is "a"/);
    expect(run(setAgain!, { checkAfterPut: false }).violation?.message).toMatch(/the list says/);
    expect(run(setAgain!, { checkAfterPut: false, glanceFirst: false }).violation?.message).toMatch(/the list says/);
    expect(run(setAgain!, { checkAfterPut: false, conditions: 'ignored' }).violation?.message).toMatch(/the list says/);
  });

  it('needs no second listing for tags that are only set, where conditions hold', () => {
    expect(run(meetings[0]!, { checkAfterPut: false, glanceFirst: false }).violation).toBeUndefined();
    expect(run(meetings[0]!, { checkAfterPut: false, glanceFirst: false, conditions: 'ignored' }).violation?.message).toMatch(
      /the list says/,
    );
  });
});
