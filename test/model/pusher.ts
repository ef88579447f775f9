import type { Rules } from './rules.ts';
import {
  deleteItem,
  isManifest,
  isThere,
  isUnderWay,
  type Item,
  putItem,
  reach,
  setPublished,
  setTag,
  type TagName,
  type World,
} from './world.ts';

/**
 * One push. Its states, in the order of an undisturbed run:
 *
 *   read      GET  _collection                             remember the generation
 *   witness   GET  the tag (or the one to copy)            all below what it names is complete
 *   look      HEAD the next blob that is not witnessed     there: next one; else:
 *   send      PUT  that blob
 *   manifest  PUT  the next manifest that is not witnessed, children first; the root always
 *   ask       GET  _collection                             changed: `wait`; else:
 *   publish   PUT  the indexes of referrers                only where they are taken for a proof
 *   untag     GET  the tag                                 it names another root: `renew`; else: `tag`
 *   renew     PUT  that root again
 *   tag       PUT  the tag                                 too late: back to the first `manifest`
 *   wait      GET  _collection until it is over            remember the generation, back to `witness`
 */
export interface Pusher {
  readonly at:
    | 'read'
    | 'witness'
    | 'look'
    | 'send'
    | 'manifest'
    | 'ask'
    | 'wait'
    | 'publish'
    | 'untag'
    | 'renew'
    | 'tag'
    | 'done'
    | 'crashed';
  readonly root: Item;
  readonly tag: TagName;
  /** The tag that is read for a witness: its own, or the one that it copies. */
  readonly from: TagName;
  /** Which blob or manifest is next. */
  readonly next: number;
  readonly generation: number;
  /** What the collection condemned that was under way when the generation was read: it may have ended by now. */
  readonly condemned: readonly Item[];
  /** What the tag named after the generation was read. */
  readonly witness: Item | '';
  /** The root that the tag is about to be taken from. */
  readonly untagged: Item | '';
  /** The epoch of the first manifest put in this round. */
  readonly since: number;
  /** Blobs put by this push; kept only for the rule that forbids to discard them. */
  readonly sent: readonly Item[];
}

export function newPusher(root: Item, tag: TagName, from: TagName = tag): Pusher {
  return { at: 'read', root, tag, from, next: 0, generation: 0, condemned: [], witness: '', untagged: '', since: 0, sent: [] };
}

type Move = readonly [label: string, world: World, pusher: Pusher];

/** What this push does next; nothing while it waits, or after its end. */
export function movePusher(world: World, pusher: Pusher, rules: Rules): Move | undefined {
  const to = (label: string, change: Partial<Pusher>, changed: World = world): Move => [label, changed, { ...pusher, ...change }];
  const blobs = listBlobs(pusher);
  const manifests = listManifests(pusher, rules);
  switch (pusher.at) {
    case 'read':
      return to('reads _collection', { at: 'witness', ...remember(world) });
    case 'witness':
      return to('reads the tag', nextLook({ ...pusher, witness: findWitness(world, pusher, rules), next: -1 }));
    case 'look': {
      const blob = blobs[pusher.next]!;
      return isThere(world, blob) ? to(`finds ${blob}`, nextLook(pusher)) : to(`misses ${blob}`, { at: 'send' });
    }
    case 'send': {
      const blob = blobs[pusher.next]!;
      const sent = rules.keepSentWhenAbandoned ? [] : [...pusher.sent, blob];
      return to(`puts ${blob}`, nextLook({ ...pusher, sent }), putItem(world, blob));
    }
    case 'manifest': {
      const manifest = manifests[pusher.next];
      if (manifest === undefined) return to('puts no manifest', { at: 'ask', since: world.epoch });
      const since = pusher.next === 0 ? world.epoch : pusher.since;
      const isLast = pusher.next === manifests.length - 1;
      return to(
        `puts ${manifest}`,
        { at: isLast ? 'ask' : 'manifest', next: isLast ? 0 : pusher.next + 1, since },
        putItem(world, manifest),
      );
    }
    case 'ask':
      return isSettled(world, pusher, rules)
        ? to('reads _collection: settled', { at: rules.skipSubtree === 'published' ? 'publish' : 'untag' })
        : to('reads _collection: again', { at: 'wait', next: 0, ...remember(world) });
    case 'wait': {
      if (isUnderWay(world.collection)) return undefined;
      const again: Pusher = {
        ...pusher,
        at: rules.skipSubtree === 'tagged' ? 'witness' : 'look',
        witness: '',
        next: 0,
        ...remember(world),
      };
      return to('reads _collection: it is over', rules.lookAgain ? again : { ...again, at: 'manifest' });
    }
    case 'publish':
      return to('publishes its manifests', { at: 'untag' }, setPublished(world, manifests, true));
    case 'untag': {
      const named = world.tags[pusher.tag];
      const other = rules.renewUntagged && named !== pusher.root ? named : '';
      return to('reads the tag before it moves it', { at: other === '' ? 'tag' : 'renew', untagged: other });
    }
    case 'renew':
      return to(`puts ${pusher.untagged} again`, { at: 'tag' }, putItem(world, pusher.untagged as Item));
    case 'tag':
      if (rules.renewWhenLate && pusher.since < world.epoch) return to('is late', { at: 'manifest', next: 0, untagged: '' });
      return to('puts the tag', { at: 'done' }, setTag(world, pusher.tag, pusher.root));
    case 'done':
    case 'crashed':
      return undefined;
    default:
      return pusher.at satisfies never;
  }
}

/** The end of a push that fails: by the sound rules it leaves everything where it is. */
export function crashPusher(world: World, pusher: Pusher): Move {
  return ['crashes', pusher.sent.reduce(deleteItem, world), { ...pusher, at: 'crashed' }];
}

function nextLook(pusher: Pusher): Pusher {
  const next = pusher.next + 1;
  return next < listBlobs(pusher).length ? { ...pusher, at: 'look', next } : { ...pusher, at: 'manifest', next: 0 };
}

function listBlobs(pusher: Pusher): readonly Item[] {
  return reach(pusher.root).filter((item) => !isManifest(item) && !isWitnessed(pusher, item));
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
  const isProof = rules.skipSubtree === 'root-there' || (rules.skipSubtree === 'published' && world.published.includes(root));
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
