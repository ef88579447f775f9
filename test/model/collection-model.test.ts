import { describe, expect, it } from 'vitest';
import { newCollector, type RootOrder } from './collector.ts';
import { type Exploration, explore, type Model } from './explore.ts';
import { newPusher } from './pusher.ts';
import { type Rules, soundRules } from './rules.ts';
import { scenarios } from './scenarios.ts';
import { createModel, newWorld, type System } from './system.ts';

const orders: readonly RootOrder[] = ['tags-first', 'objects-first'];

function run(name: string, broken: Partial<Rules>, order: RootOrder = 'tags-first'): Exploration {
  return explore(createModel(scenarios[name]!, { ...soundRules, ...broken }, order));
}

const lost = /is missing|has no index of referrers/;

/** Each rule of the handshake, broken alone, with a meeting of actors in which that loses something. */
const mutations: readonly (readonly [rule: string, broken: Partial<Rules>, name: string, loses: RegExp])[] = [
  ['takes a root that is there for a whole subtree', { skipSubtree: 'root-there' }, 'a push that crashes, and the same push again', lost],
  [
    'takes a root with an index of referrers for a whole subtree',
    { skipSubtree: 'published' },
    'a push that crashes, and the same push again, of what a referrer names already',
    lost,
  ],
  ['does not put a skipped root again', { putSkippedRoot: false }, 'a push of what is tagged, while the tag is deleted', lost],
  ['does not put the root again that it copies', { putSkippedRoot: false }, 'a tag that is copied, while the first is deleted', lost],
  [
    'trusts a tag that it read long before _collection',
    { dropLateWitness: false },
    'a push of what is tagged, while the tag is deleted',
    lost,
  ],
  [
    'reads _collection again before its manifests, though it found something',
    { askAfter: 'looks' },
    'a push of what lies about as garbage',
    lost,
  ],
  [
    'read _collection again before its manifests, and counts its lateness from them',
    { countFromBegin: false },
    'a push into an empty repository, slow and crashing',
    lost,
  ],
  [
    'does not look for indexes of referrers again after a collection',
    { publishAgain: false },
    'a push into an empty repository, slow and crashing',
    lost,
  ],
  [
    'leaves indexes of referrers whose manifests never came',
    { condemnIndexes: false },
    'a push into an empty repository, slow and crashing',
    /is still there, though nothing names it/,
  ],
  ['does not read _collection again', { askAgain: false }, 'a push into an empty repository, slow and crashing', lost],
  ['forgets what was condemned when it began', { rememberCondemned: false }, 'a push of what lies about as garbage', lost],
  ['does not look again after a collection', { lookAgain: false }, 'a push into an empty repository, slow and crashing', lost],
  ['tags though it is late', { renewWhenLate: false }, 'a push into an empty repository, slow and crashing', lost],
  ['moves a tag without putting the old root again', { renewUntagged: false }, 'a push that moves a tag, and a pull', /a pull broke/],
  ['deletes a tag without putting its root again', { renewUntagged: false }, 'a tag that is deleted, and a pull', /a pull broke/],
  [
    'deletes what it sent when it is abandoned',
    { keepSentWhenAbandoned: false },
    'two pushes of different images that share a layer',
    lost,
  ],
  ['lists the roots before it condemns', { listAfterCondemning: false }, 'a push into an empty repository, slow and crashing', lost],
  ['does not spare the young', { spareYoung: false }, 'a push into an empty repository, slow and crashing', lost],
  ['deletes after its time is over', { stopBeforeExpiry: false }, 'a push of what lies about as garbage', lost],
  ['writes _collection over another collector', { writeConditionally: false }, 'two collectors and a push', lost],
];

/** What the rules leave open: these are safe too. */
const variations: readonly (readonly [string, Partial<Rules>])[] = [
  ['by the rules', {}],
  ['when pushes never skip a subtree', { skipSubtree: 'never' }],
  ['when pushes read _collection again only after their manifests', { askAfter: 'manifests' }],
  ['when the collector condemns all that is old', { condemn: 'old' }],
];

describe('the handshake of pushes and collections', () => {
  describe.each(variations)('%s', (_, rules) => {
    it.each(Object.keys(scenarios))('loses nothing, and leaves no garbage for ever: %s', { timeout: 180_000 }, (name) => {
      for (const order of Object.keys(rules).length === 0 ? orders : orders.slice(0, 1)) {
        const { states, ends, violation } = run(name, rules, order);
        expect(violation).toBeUndefined();
        expect(states).toBeGreaterThan(1_000);
        expect(ends).toBeGreaterThan(10);
      }
    });
  });

  it.each(mutations)('loses something when one %s', (_, broken, name, loses) => {
    const { violation } = run(name, broken);
    expect(violation?.message).toMatch(loses);
    expect(violation?.trace.length).toBeGreaterThan(3);
  });

  it('tries to break every rule', () => {
    const broken = new Set(mutations.flatMap(([, rules]) => Object.keys(rules)));
    expect([...broken, 'condemn'].toSorted()).toEqual(Object.keys(soundRules).toSorted());
  });

  it('finds what lies about for ever, and a push that never ends', () => {
    const system: System = {
      world: newWorld({ there: ['layer'] }),
      collectors: [],
      pushers: [],
      untaggers: [],
      readers: [],
      crashes: 0,
      ages: 0,
    };
    const lazy = createModel(system, { ...soundRules, spareYoung: true }, 'tags-first');
    expect(explore(lazy).violation).toBeUndefined();
    const running = { version: 1, generation: 1, running: true, expired: false, condemned: [] };
    const blocked: System = { ...system, world: { ...system.world, collection: running } };
    expect(explore(withoutTime(createModel(blocked, soundRules, 'tags-first'))).violation?.message).toMatch(/layer is still there/);
    const waiting: System = {
      ...blocked,
      pushers: [{ ...newPusher('other', 'a'), at: 'wait' }],
      collectors: [{ ...newCollector, at: 'crashed' }],
    };
    expect(explore(withoutTime(createModel(waiting, soundRules, 'tags-first'))).violation?.message).toMatch(/waits for ever at "wait"/);
  });
});

/** The same model in which no collection ever expires. */
function withoutTime(model: Model<System>): Model<System> {
  return { ...model, steps: (state) => model.steps(state).filter((step) => step.label !== 'the collection expires') };
}
