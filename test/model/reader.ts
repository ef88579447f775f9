import { isThere, type Item, reach, type TagName, type World } from './world.ts';

/** One pull: it reads the tag, then goes on by digest, root first. */
export interface Reader {
  readonly at: 'tag' | 'digest' | 'done' | 'broken';
  readonly tag: TagName;
  readonly root: Item | '';
  readonly next: number;
  /** The epoch it began in: a pull that takes longer than the grace period is not promised anything. */
  readonly since: number;
}

export function newReader(tag: TagName): Reader {
  return { at: 'tag', tag, root: '', next: 0, since: 0 };
}

/** What this pull does next; nothing after its end. */
export function moveReader(world: World, reader: Reader): readonly [label: string, world: World, reader: Reader] | undefined {
  if (reader.at === 'tag') {
    const root = world.tags[reader.tag];
    return [`reads tag ${reader.tag}`, world, { ...reader, root, since: world.epoch, at: root === '' ? 'done' : 'digest' }];
  }
  if (reader.at !== 'digest' || reader.root === '') return undefined;
  const below = reach(reader.root);
  const item = below[reader.next]!;
  if (world.epoch > reader.since) return ['takes too long', world, { ...reader, at: 'done' }];
  if (!isThere(world, item)) return [`misses ${item}`, world, { ...reader, at: 'broken' }];
  const isLast = reader.next === below.length - 1;
  return [`reads ${item}`, world, { ...reader, next: reader.next + 1, at: isLast ? 'done' : 'digest' }];
}
