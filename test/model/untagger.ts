import type { Rules } from './rules.ts';
import { type Item, putItem, setTag, type TagName, type World } from './world.ts';

/** One removal of a tag: GET the tag, PUT what it names again (its age protects pulls that are under way), DELETE the tag. */
export interface Untagger {
  readonly at: 'read' | 'renew' | 'delete' | 'done';
  readonly tag: TagName;
  readonly root: Item | '';
  readonly since: number;
}

export function newUntagger(tag: TagName): Untagger {
  return { at: 'read', tag, root: '', since: 0 };
}

/** What this removal does next; nothing after its end. */
export function moveUntagger(
  world: World,
  untagger: Untagger,
  rules: Rules,
): readonly [label: string, world: World, untagger: Untagger] | undefined {
  const root = world.tags[untagger.tag];
  switch (untagger.at) {
    case 'read':
      return [`reads tag ${untagger.tag}`, world, { ...untagger, root, since: world.epoch, at: root === '' ? 'done' : 'renew' }];
    case 'renew':
      return rules.renewUntagged && untagger.root !== ''
        ? [`puts ${untagger.root} again`, putItem(world, untagger.root), { ...untagger, at: 'delete' }]
        : ['renews nothing', world, { ...untagger, at: 'delete' }];
    case 'delete':
      if (world.epoch > untagger.since) return ['is late', world, { ...untagger, at: 'read' }];
      return [`deletes tag ${untagger.tag}`, setTag(world, untagger.tag, ''), { ...untagger, at: 'done' }];
    case 'done':
      return undefined;
    default:
      return untagger.at satisfies never;
  }
}
