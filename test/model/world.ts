/*
 * The store as the model sees it: one repository with four objects named by digest, the indexes of referrers of three, two tags and `_collection`. An index lists an image, and both images of the repository
 * share a layer:
 *
 *   index ── image ──┐
 *                    ├── layer
 *            other ──┘
 */

export const items = ['index', 'image', 'other', 'layer'] as const;
export type Item = (typeof items)[number];
export type TagName = 'a' | 'b';
export const tagNames: readonly TagName[] = ['a', 'b'];

const children: Readonly<Record<Item, readonly Item[]>> = { index: ['image'], image: ['layer'], other: ['layer'], layer: [] };

/** When an item was last put, in epochs; `absent` where it is not there. */
export const absent = -1;

export interface CollectionObject {
  /** Stands for the ETag: changes with every write. */
  readonly version: number;
  readonly generation: number;
  readonly running: boolean;
  /** The time of the collection under way is over, so everyone takes it for ended. */
  readonly expired: boolean;
  readonly condemned: readonly Item[];
}

export interface World {
  /**
   * Grows when so much time passes that what was put before is older than the grace period, to a collection that begins now, and that a push which put it is late. (In truth
   * a push is late after half of it, which leaves the other half to its last request.)
   */
  readonly epoch: number;
  readonly items: Readonly<Record<Item, number>>;
  readonly tags: Readonly<Record<TagName, Item | ''>>;
  readonly collection: CollectionObject;
  /** When the index of referrers of a manifest was put, there or not; `absent` where it has none. */
  readonly published: Readonly<Record<Item, number>>;
}

/** The item and everything below it, parents before children. */
export function reach(root: Item): readonly Item[] {
  return [root, ...children[root].flatMap(reach)];
}

/** As `reach`, but only by manifests that are there to be read. */
export function reachPresent(world: World, root: Item): readonly Item[] {
  return isThere(world, root) ? [root, ...children[root].flatMap((child) => reachPresent(world, child))] : [root];
}

export function isManifest(item: Item): boolean {
  return item !== 'layer';
}

export function isThere(world: World, item: Item): boolean {
  return world.items[item] !== absent;
}

export function putItem(world: World, item: Item): World {
  return { ...world, items: { ...world.items, [item]: world.epoch } };
}

export function deleteItem(world: World, item: Item): World {
  return { ...world, items: { ...world.items, [item]: absent } };
}

export function setTag(world: World, tag: TagName, root: Item | ''): World {
  return { ...world, tags: { ...world.tags, [tag]: root } };
}

export function writeCollection(world: World, change: Omit<CollectionObject, 'version'>): World {
  return { ...world, collection: { version: world.collection.version + 1, ...change } };
}

export function isPublished(world: World, item: Item): boolean {
  return world.published[item] !== absent;
}

/** Whether anything is there of an item: itself or, of a push that crashed, only its index of referrers. */
export function hasTrace(world: World, item: Item): boolean {
  return isThere(world, item) || isPublished(world, item);
}

/** When an item was last put; of one that is not there, its index of referrers. */
export function ageOf(world: World, item: Item): number {
  return isThere(world, item) ? world.items[item] : world.published[item];
}

export function putIndex(world: World, item: Item): World {
  return { ...world, published: { ...world.published, [item]: world.epoch } };
}

export function deleteIndex(world: World, item: Item): World {
  return { ...world, published: { ...world.published, [item]: absent } };
}

/** Whether the collection that `_collection` tells of can still delete. */
export function isUnderWay({ running, expired }: CollectionObject): boolean {
  return running && !expired;
}
