import { type Collector, moveCollector, newCollector, type RootOrder } from './collector.ts';
import type { Model, Step } from './explore.ts';
import { crashPusher, movePusher, type Pusher } from './pusher.ts';
import { moveReader, type Reader } from './reader.ts';
import type { Rules } from './rules.ts';
import { moveUntagger, type Untagger } from './untagger.ts';
import { absent, hasTrace, isManifest, isPublished, isThere, isUnderWay, type Item, items, reach, tagNames, type World } from './world.ts';

/** Everything at one moment: the store, each actor, and how much mischief is left. */
export interface System {
  readonly world: World;
  readonly collectors: readonly Collector[];
  readonly pushers: readonly Pusher[];
  readonly untaggers: readonly Untagger[];
  readonly readers: readonly Reader[];
  /** Crashes that may still happen. */
  readonly crashes: number;
  /** Times that a grace period may still pass. */
  readonly ages: number;
}

/** What is in the store before anyone begins: old objects, and what the tags name. */
export interface Setting {
  readonly there: readonly Item[];
  readonly tags?: World['tags'];
  /** Manifests that have an index of referrers already; those that are there, if left out. It may come before its manifest. */
  readonly published?: readonly Item[];
}

export function newWorld({ there, tags = { a: '', b: '' }, published = there.filter(isManifest) }: Setting): World {
  const epochsOf = (present: readonly Item[]) =>
    Object.fromEntries(items.map((item) => [item, present.includes(item) ? 0 : absent])) as Record<Item, number>;
  const collection = { version: 0, generation: 0, running: false, expired: false, condemned: [] };
  return { epoch: 1, items: epochsOf(there), tags, collection, published: epochsOf(published) };
}

/** The model: in each state, any actor may do its next request, crash, or time may pass. */
export function createModel(initial: System, rules: Rules, order: RootOrder): Model<System> {
  return {
    initial,
    steps: (system) => [
      ...actorSteps(system, 'collectors', (world, actor) => asMoves(moveCollector(world, actor, rules, order))),
      ...actorSteps(system, 'pushers', (world, actor) => movePusher(world, actor, rules)),
      ...actorSteps(system, 'untaggers', (world, actor) => asMoves(moveUntagger(world, actor, rules))),
      ...actorSteps(system, 'readers', (world, actor) => asMoves(moveReader(world, actor))),
      ...crashSteps(system),
      ...timeSteps(system, rules),
    ],
    violation: findViolation,
    stuck: (system) => findStuckPush(system) ?? findUncollected(system, rules, order),
  };
}

type ActorKind = 'collectors' | 'pushers' | 'untaggers' | 'readers';

type Moves<A> = readonly (readonly [label: string, world: World, actor: A])[];

/** The next requests of each actor of a kind: more than one of who sends them side by side. */
function actorSteps<K extends ActorKind>(
  system: System,
  kind: K,
  move: (world: World, actor: System[K][number]) => Moves<System[K][number]>,
): Step<System>[] {
  return system[kind].flatMap((actor, index) =>
    move(system.world, actor).map(([label, world, changed]) => ({
      label: `${kind} ${index}: ${label}`,
      next: { ...system, world, [kind]: system[kind].with(index, changed as never) },
    })),
  );
}

function asMoves<A>(move: Moves<A>[number] | undefined): Moves<A> {
  return move ? [move] : [];
}

function crashSteps(system: System): Step<System>[] {
  if (system.crashes === 0) return [];
  const crashes = system.crashes - 1;
  const collectors = actorSteps(system, 'collectors', (world, actor) =>
    actor.at === 'done' || actor.at === 'crashed' ? [] : [['crashes', world, { ...newCollector, at: 'crashed' }]],
  );
  const pushers = actorSteps(system, 'pushers', (world, actor) =>
    actor.at === 'done' || actor.at === 'crashed' ? [] : [crashPusher(world, actor)],
  );
  return [...collectors, ...pushers].map(({ label, next }) => ({ label, next: { ...next, crashes } }));
}

/** A grace period passes; a collection's time is over, before which a living collector has stopped by itself. */
function timeSteps(system: System, rules: Rules): Step<System>[] {
  const { world } = system;
  const steps: Step<System>[] = [];
  if (system.ages > 0)
    steps.push({ label: 'time passes', next: { ...system, world: { ...world, epoch: world.epoch + 1 }, ages: system.ages - 1 } });
  if (isUnderWay(world.collection)) {
    const expired = { ...world, collection: { ...world.collection, expired: true } };
    const collectors = rules.stopBeforeExpiry
      ? system.collectors.map((each) => (each.version === world.collection.version ? stopCollector(each) : each))
      : system.collectors;
    steps.push({ label: 'the collection expires', next: { ...system, world: expired, collectors } });
  }
  return steps;
}

function stopCollector(collector: Collector): Collector {
  return collector.at === 'list' || collector.at === 'delete' || collector.at === 'end' ? { ...newCollector, at: 'crashed' } : collector;
}

function findViolation({ world, readers }: System): string | undefined {
  for (const tag of tagNames) {
    const root = world.tags[tag];
    const missing = root === '' ? undefined : reach(root).find((item) => !isThere(world, item));
    if (missing !== undefined) return `tag ${tag} names ${root}, but ${missing} is missing`;
    const bare = root === '' ? undefined : reach(root).find((item) => isManifest(item) && !isPublished(world, item));
    if (bare !== undefined) return `tag ${tag} names ${root}, but ${bare} has no index of referrers`;
  }
  return readers.some((reader) => reader.at === 'broken') ? 'a pull broke' : undefined;
}

function findStuckPush({ pushers }: System): string | undefined {
  const stuck = pushers.find((pusher) => pusher.at !== 'done' && pusher.at !== 'crashed');
  return stuck && `a push waits for ever at "${stuck.at}"`;
}

/** After everything has come to rest, one more collection must leave exactly what the tags reach. */
function findUncollected(system: System, rules: Rules, order: RootOrder): string | undefined {
  let world: World = { ...system.world, epoch: system.world.epoch + 1 };
  let collector = newCollector;
  for (let moved = moveCollector(world, collector, rules, order); moved; moved = moveCollector(world, collector, rules, order)) {
    [, world, collector] = moved;
  }
  const live = new Set(tagNames.flatMap((tag) => (world.tags[tag] === '' ? [] : reach(world.tags[tag]))));
  const wrong = items.find((item) => hasTrace(world, item) !== live.has(item));
  return wrong && `after a last collection ${wrong} is ${hasTrace(world, wrong) ? 'still there, though nothing names it' : 'missing'}`;
}
