import type { Rules } from './rules.ts';
import {
  ageOf,
  deleteIndex,
  deleteItem,
  hasTrace,
  isPublished,
  isThere,
  isUnderWay,
  type Item,
  items,
  reach,
  reachPresent,
  type TagName,
  tagNames,
  type World,
  writeCollection,
} from './world.ts';

/**
 * One collection. Its states, in the order of an undisturbed run:
 *
 *   read      GET  _collection                     under way: give up
 *   mark      LIST the repository                  candidates: old, and reached from no tag; of some only the index of referrers is there
 *   condemn   PUT  _collection, If-Match           lost: give up; generation + 1, the candidates; fixes what "old" means
 *   list      GET  each tag, LIST each object      spare what is reached from a tag or from something young
 *   delete    DELETE one after the other           parents before children, the index of referrers before its manifest
 *   end       PUT  _collection, If-Match           not running
 */
export interface Collector {
  readonly at: 'read' | 'mark' | 'condemn' | 'list' | 'delete' | 'end' | 'done' | 'crashed';
  readonly version: number;
  /** Items put in this epoch or later are young. */
  readonly cutoff: number;
  readonly candidates: readonly Item[];
  readonly spared: readonly Item[];
  /** Which root is listed next; roots are read one by one, as far apart as may be. */
  readonly next: number;
}

export const newCollector: Collector = { at: 'read', version: 0, cutoff: 0, candidates: [], spared: [], next: 0 };

/** The order in which the roots are read must not matter: the tests try both. */
export type RootOrder = 'tags-first' | 'objects-first';
type Root = { readonly tag: TagName } | { readonly item: Item };

type Move = readonly [label: string, world: World, collector: Collector];

/** What this collection does next; nothing after its end. */
export function moveCollector(world: World, collector: Collector, rules: Rules, order: RootOrder): Move | undefined {
  const to = (label: string, change: Partial<Collector>, changed: World = world): Move => [label, changed, { ...collector, ...change }];
  const { collection } = world;
  switch (collector.at) {
    case 'read':
      return isUnderWay(collection)
        ? to('finds another under way', { at: 'done' })
        : to('reads _collection', { at: rules.listAfterCondemning ? 'mark' : 'list', version: collection.version, cutoff: world.epoch });
    case 'mark':
      return to('marks', { at: 'condemn', candidates: findCandidates(world, rules) });
    case 'condemn': {
      if (rules.writeConditionally && collection.version !== collector.version) return to('loses _collection to another', { at: 'done' });
      const changed = writeCollection(world, {
        generation: collection.generation + 1,
        running: true,
        expired: false,
        condemned: collector.candidates,
      });
      return to(
        `condemns ${collector.candidates.join(', ')}`,
        {
          at: rules.listAfterCondemning ? 'list' : 'delete',
          version: changed.collection.version,
          cutoff: rules.listAfterCondemning ? world.epoch : collector.cutoff,
        },
        changed,
      );
    }
    case 'list':
      return listNext(world, collector, rules, order);
    case 'delete': {
      const [item, ...rest] = collector.candidates.filter((candidate) => !collector.spared.includes(candidate));
      if (item === undefined) return to('has deleted all', { at: 'end', candidates: [], spared: [] });
      if (isPublished(world, item)) return to(`deletes the referrers of ${item}`, {}, deleteIndex(world, item));
      return to(`deletes ${item}`, { candidates: rest }, deleteItem(world, item));
    }
    case 'end': {
      if (collection.version !== collector.version) return to('leaves _collection to another', { at: 'done' });
      const ended = writeCollection(world, { generation: collection.generation, running: false, expired: false, condemned: [] });
      return to('ends', { at: 'done' }, ended);
    }
    case 'done':
    case 'crashed':
      return undefined;
    default:
      return collector.at satisfies never;
  }
}

function listNext(world: World, collector: Collector, rules: Rules, order: RootOrder): Move {
  const objects = rules.spareYoung ? items.map((item): Root => ({ item })) : [];
  const tags = tagNames.map((tag): Root => ({ tag }));
  const roots = order === 'tags-first' ? [...tags, ...objects] : [...objects, ...tags];
  const root = roots[collector.next]!;
  const item = 'tag' in root ? world.tags[root.tag] : root.item;
  const counts = item !== '' && ('tag' in root || (hasTrace(world, item) && ageOf(world, item) >= collector.cutoff));
  const spared = items.filter((each) => collector.spared.includes(each) || (counts && reachPresent(world, item).includes(each)));
  const isLast = collector.next === roots.length - 1;
  const changed: Collector = { ...collector, spared, next: isLast ? 0 : collector.next + 1, at: isLast ? 'delete' : 'list' };
  const label = 'tag' in root ? `reads tag ${root.tag}` : `lists ${root.item}`;
  if (!isLast || rules.listAfterCondemning) return [label, world, changed];
  const candidates = findCandidates(world, rules).filter((each) => !spared.includes(each));
  return [label, world, { ...changed, at: 'condemn', candidates }];
}

/** Old, and reached from no tag; parents before children, in which order they are deleted. */
function findCandidates(world: World, rules: Rules): readonly Item[] {
  const tagged = rules.condemn === 'old' ? [] : tagNames;
  const live = new Set(tagged.flatMap((tag) => (world.tags[tag] === '' ? [] : reach(world.tags[tag]))));
  const isKnown = rules.condemnIndexes ? hasTrace : isThere;
  return items.filter((item) => isKnown(world, item) && !live.has(item) && (!rules.spareYoung || ageOf(world, item) < world.epoch));
}
