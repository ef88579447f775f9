/**
 * One scope of two (distribution, "Token Scope"): of each resource, `type:name`, all actions that either names. Both may name several resources, parted by spaces.
 */
export function mergeScopes(one: string | undefined, other: string): string {
  const actionsOf = new Map<string, Set<string>>();
  for (const scope of `${one ?? ''} ${other}`.split(' ')) {
    const colon = scope.lastIndexOf(':');
    if (colon < 0) continue;
    const resource = scope.slice(0, colon);
    const actions = actionsOf.get(resource) ?? new Set();
    actionsOf.set(resource, actions);
    for (const action of scope.slice(colon + 1).split(',')) if (action !== '') actions.add(action);
  }
  return [...actionsOf].map(([resource, actions]) => `${resource}:${[...actions].join(',')}`).join(' ');
}
