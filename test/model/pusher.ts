import type { Rules } from './rules.ts';
import {
  deleteItem,
  isManifest,
  isPublished,
  isThere,
  isUnderWay,
  type Item,
  putIndex,
  putItem,
  reach,
  setTag,
  type TagName,
  type World,
} from './world.ts';

/**
 * One push. Its states, in the order of an undisturbed run; what stands under one state goes side by side, in either order:
 *
 *   begin     GET  _collection                             remember the generation
 *             GET  the tag (or the one to copy)            all below what it names is complete
 *   look      HEAD the next object that is not witnessed   blobs, manifests, indexes of referrers: remember whether all were missed
 *   ask-early GET  _collection                             only if all were missed; changed: `wait`
 *   publish   PUT  the next index that was missed
 *   send      PUT  the next blob that was missed
 *   manifest  PUT  the next manifest that is not witnessed, children first; the root always
 *   ask       GET  _collection                             unless it was asked early; changed: `wait`
 *   (beside `manifest` and `ask`; if it was asked early, beside all that follows, and what the tag named at the begin is put)
 *             GET  the tag                                 it names another root:
 *             PUT  that root again
 *   tag       PUT  the tag                                 too late: back to the first `manifest`
 *   wait      GET  _collection until it is over            remember the generation, and begin again with the tag
 */
export interface Pusher {
  readonly at: 'begin' | 'look' | 'ask-early' | 'publish' | 'send' | 'manifest' | 'ask' | 'wait' | 'tag' | 'done' | 'crashed';
  readonly root: Item;
  readonly tag: TagName;
  /** The tag that is read for a witness: its own, or the one that it copies. */
  readonly from: TagName;
  /** Which object is next. */
  readonly next: number;
  readonly hasRead: boolean;
  readonly hasWitness: boolean;
  readonly generation: number;
  /** What the collection condemned that was under way when the generation was read: it may have ended by now. */
  readonly condemned: readonly Item[];
  /** What the tag named. */
  readonly witness: Item | '';
  /** Objects that were looked for in vain. */
  readonly missed: readonly string[];
  readonly hasFound: boolean;
  readonly hasAsked: boolean;
  /** What became of the root that the tag is about to be taken from: not looked at; to be put again; done. */
  readonly untagged: Item | 'unknown' | '';
  /** The epoch of the earlier answer at the begin; later that of the first manifest put, or of the begin, by which the push is late or not. */
  readonly since: number;
  /** That indexes of referrers need not be looked for; set only by the rule that does not look anew. */
  readonly hasPublished: boolean;
  /** Blobs put by this push; kept only for the rule that forbids to discard them. */
  readonly sent: readonly Item[];
}

export function newPusher(root: Item, tag: TagName, from: TagName = tag): Pusher {
  return { at: 'begin', root, tag, from, hasPublished: false, sent: [], ...unread };
}

const unread = {
  next: 0,
  hasRead: false,
  hasWitness: false,
  generation: 0,
  condemned: [],
  witness: '',
  missed: [],
  hasFound: false,
  hasAsked: false,
  untagged: 'unknown',
  since: 0,
} as const satisfies Partial<Pusher>;

type Move = readonly [label: string, world: World, pusher: Pusher];

/** What this push may do next; nothing while it waits, or after its end. */
export function movePusher(world: World, pusher: Pusher, rules: Rules): readonly Move[] {
  const to = (label: string, change: Partial<Pusher>, changed: World = world): Move => [label, changed, { ...pusher, ...change }];
  const manifests = listManifests(pusher, rules);
  switch (pusher.at) {
    case 'begin':
      return begin(world, pusher, rules);
    case 'look': {
      const object = listObjects(pusher)[pusher.next]!;
      const isFound = object.isIndex ? isPublished(world, object.item) : isThere(world, object.item);
      const missed = isFound ? pusher.missed : [...pusher.missed, nameOf(object)];
      const looked: Pusher = { ...pusher, missed, hasFound: pusher.hasFound || isFound, next: pusher.next + 1 };
      return [[`${isFound ? 'finds' : 'misses'} ${nameOf(object)}`, world, afterLook(looked, rules)]];
    }
    case 'ask-early':
      return isSettled(world, pusher, rules)
        ? [to('reads _collection early: settled', { at: 'publish', hasAsked: true })]
        : [to('reads _collection early: again', { ...unread, at: 'wait' })];
    case 'publish': {
      const index = listObjects(pusher).find((object) => object.isIndex && pusher.missed.includes(nameOf(object)));
      const early = pusher.hasAsked ? untag(world, pusher, rules) : [];
      if (!index) return [to('has published', { at: 'send', hasPublished: !rules.publishAgain }), ...early];
      const missed = pusher.missed.filter((name) => name !== nameOf(index));
      return [to(`puts ${nameOf(index)}`, { missed }, putIndex(world, index.item)), ...early];
    }
    case 'send': {
      const blob = reach(pusher.root).find((item) => !isManifest(item) && pusher.missed.includes(item));
      const since = pusher.hasAsked && rules.countFromBegin ? pusher.since : world.epoch;
      if (blob === undefined) {
        const untagged = pusher.hasAsked ? pusher.untagged : 'unknown';
        return [to('has sent all', { at: 'manifest', next: 0, missed: [], since, untagged })];
      }
      const missed = pusher.missed.filter((name) => name !== blob);
      const sent = rules.keepSentWhenAbandoned ? [] : [...pusher.sent, blob];
      return [to(`puts ${blob}`, { missed, sent }, putItem(world, blob))];
    }
    case 'manifest': {
      const manifest = manifests[pusher.next];
      const isLast = pusher.next >= manifests.length - 1;
      const after: Partial<Pusher> = isLast ? { at: pusher.hasAsked ? 'tag' : 'ask', next: 0 } : { next: pusher.next + 1 };
      const changed = manifest === undefined ? world : putItem(world, manifest);
      return [to(manifest === undefined ? 'puts no manifest' : `puts ${manifest}`, after, changed), ...untag(world, pusher, rules)];
    }
    case 'ask': {
      const asked = isSettled(world, pusher, rules)
        ? to('reads _collection: settled', { at: 'tag' })
        : to('reads _collection: again', { ...unread, at: 'wait' });
      return [asked, ...untag(world, pusher, rules)];
    }
    case 'wait': {
      if (isUnderWay(world.collection)) return [];
      const again: Pusher = { ...pusher, ...unread, at: 'begin', hasRead: true, since: world.epoch, ...remember(world) };
      return [['reads _collection: it is over', world, rules.lookAgain ? again : { ...again, at: 'manifest' }]];
    }
    case 'tag':
      if (pusher.untagged !== '') return untag(world, pusher, rules);
      if (rules.renewWhenLate && pusher.since < world.epoch) {
        return [to('is late', { at: 'manifest', next: 0, hasAsked: false, untagged: 'unknown', since: world.epoch })];
      }
      return [to('puts the tag', { at: 'done' }, setTag(world, pusher.tag, pusher.root))];
    case 'done':
    case 'crashed':
      return [];
    default:
      return pusher.at satisfies never;
  }
}

/** The end of a push that fails: by the sound rules it leaves everything where it is. */
export function crashPusher(world: World, pusher: Pusher): Move {
  return ['crashes', pusher.sent.reduce(deleteItem, world), { ...pusher, ...unread, sent: [], at: 'crashed' }];
}

/** The two reads with which a push begins, of which either may be answered first. */
function begin(world: World, pusher: Pusher, rules: Rules): readonly Move[] {
  const since = pusher.hasRead || pusher.hasWitness ? pusher.since : world.epoch;
  const moves: Move[] = [];
  const after = (change: Partial<Pusher>): Pusher => {
    const changed = { ...pusher, ...change, since };
    return changed.hasRead && changed.hasWitness ? afterLook({ ...changed, at: 'look', next: 0 }, rules) : changed;
  };
  if (!pusher.hasRead) {
    const isOld = pusher.hasWitness && rules.dropLateWitness && since < world.epoch;
    const read = after({ hasRead: true, ...remember(world), ...(isOld && { witness: '' }) });
    moves.push(['reads _collection', world, read]);
  }
  if (!pusher.hasWitness) {
    const named = world.tags[pusher.tag];
    const untagged = pusher.from !== pusher.tag ? 'unknown' : rules.renewUntagged && named !== pusher.root ? named : '';
    moves.push(['reads the tag', world, after({ hasWitness: true, witness: findWitness(world, pusher, rules), untagged })]);
  }
  return moves;
}

/** Keeps what the tag names, which is about to be taken from it. */
function untag(world: World, pusher: Pusher, rules: Rules): readonly Move[] {
  const named = world.tags[pusher.tag];
  const other = rules.renewUntagged && named !== pusher.root ? named : '';
  if (pusher.untagged === 'unknown') return [['reads the tag before it moves it', world, { ...pusher, untagged: other }]];
  if (pusher.untagged === '') return [];
  return [[`puts ${pusher.untagged} again`, putItem(world, pusher.untagged), { ...pusher, untagged: '' }]];
}

interface LookedAt {
  readonly item: Item;
  /** Its index of referrers, not the item itself. */
  readonly isIndex: boolean;
}

function nameOf({ item, isIndex }: LookedAt): string {
  return isIndex ? `the referrers of ${item}` : item;
}

/** What a push looks at. Manifests themselves only to know whether they are missed: they are put in any case. */
function listObjects(pusher: Pusher): readonly LookedAt[] {
  const below = reach(pusher.root).filter((item) => !isWitnessed(pusher, item));
  return below.flatMap((item) =>
    (isManifest(item) && !pusher.hasPublished ? [false, true] : [false]).map((isIndex) => ({ item, isIndex })),
  );
}

function afterLook(pusher: Pusher, { askAfter }: Rules): Pusher {
  if (pusher.next < listObjects(pusher).length) return pusher;
  const mayAsk = askAfter === 'looks' || (askAfter === 'missed' && !pusher.hasFound);
  return { ...pusher, at: mayAsk ? 'ask-early' : 'publish', next: 0, hasFound: false };
}

function listManifests(pusher: Pusher, rules: Rules): readonly Item[] {
  const manifests = reach(pusher.root).filter((item) => isManifest(item));
  return manifests.toReversed().filter((item) => !isWitnessed(pusher, item) || (rules.putSkippedRoot && item === pusher.root));
}

function isWitnessed({ witness }: Pusher, item: Item): boolean {
  return witness !== '' && reach(witness).includes(item);
}

function findWitness(world: World, { root, from }: Pusher, rules: Rules): Item | '' {
  if (rules.skipSubtree === 'tagged') return world.tags[from];
  const isProof = rules.skipSubtree === 'root-there' || (rules.skipSubtree === 'published' && isPublished(world, root));
  return isProof && isThere(world, root) ? root : '';
}

function remember({ collection }: World): Pick<Pusher, 'generation' | 'condemned'> {
  return { generation: collection.generation, condemned: isUnderWay(collection) ? collection.condemned : [] };
}

/** Whether nothing that this push counts on can be deleted before it tags. What is below a witnessed root need not be looked for among the condemned. */
function isSettled({ collection }: World, pusher: Pusher, rules: Rules): boolean {
  if (!rules.askAgain) return true;
  const mine = reach(pusher.root).filter((item) => item === pusher.root || !isWitnessed(pusher, item));
  const condemned = rules.rememberCondemned ? pusher.condemned : isUnderWay(collection) ? collection.condemned : [];
  return collection.generation === pusher.generation && !mine.some((item) => condemned.includes(item));
}
