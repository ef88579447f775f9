import { RegistryError } from '../errors/registry-error.ts';
import type { Tag } from '../oci/repository-name.ts';
import type { RequestOptions } from '../transfer/image-source.ts';
import { mostPruned, type PruneBound } from './prune-bound.ts';
import type { TagSelector } from './select-tags.ts';

/** What a repository has, and what its source offers. */
export interface PruneContext {
  readonly selector: TagSelector;
  readonly offered: readonly string[];
  readonly there: readonly Tag[];
  readonly bound: PruneBound;
  /** For messages. */
  readonly location: string;
}

/**
 * Tags that the source has no more, among those that the selection means: what somebody put there by another name is theirs.
 * @throws RegistryError `prune-refused` for more than the bound lets go, or a source without any tag: then it is rather the source that is wrong
 */
export function findGoneTags({ selector, offered, there, bound, location }: PruneContext): readonly Tag[] {
  const offeredTags = new Set(offered);
  const ours = there.filter((tag) => selector.matches(tag));
  const gone = ours.filter((tag) => !offeredTags.has(tag));
  const most = offered.length === 0 ? 0 : mostPruned(bound, ours.length);
  if (gone.length <= most) return gone;
  const named = gone.slice(0, 5).join(', ');
  throw new RegistryError(
    'prune-refused',
    `Cannot prune "${location}": ${gone.length} of ${ours.length} tags are gone at the source (${named}${gone.length > 5 ? ', …' : ''}), at most ${most} may go at once`,
    { hint: 'If they are to go, run it once with a higher --max-prune.' },
  );
}

/** Deletes tags in one go, if there are any. */
export async function pruneTags(
  target: { deleteTags(tags: readonly Tag[], options?: RequestOptions): Promise<void> },
  tags: readonly Tag[],
  signal: AbortSignal | undefined,
): Promise<void> {
  if (tags.length > 0) await target.deleteTags(tags, { signal });
}
