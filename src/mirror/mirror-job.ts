import type { Platform } from '../oci/platform.ts';
import type { RepositoryName } from '../oci/repository-name.ts';
import type { PruneBound } from './prune-bound.ts';
import type { TagSelection } from './select-tags.ts';

/** One repository to keep in step, and how. */
export interface MirrorJob {
  readonly host: string;
  /** Its name at the registry. */
  readonly repository: RepositoryName;
  /** Its name in the target. */
  readonly target: RepositoryName;
  readonly selection: TagSelection;
  /** All, if left out. Others make another root of an index, whose digest is not the registry's (see `selectRoot`). */
  readonly platforms?: readonly Platform[] | undefined;
  /** Also what refers to the images, and what cosign tags of them. */
  readonly referrers: boolean;
  /** Deletes selected tags that the source has no more, so many at most; none, if left out. */
  readonly prune?: PruneBound | undefined;
}

/** How all of a run is done. */
export interface MirrorManner {
  /** Looks, and writes nothing. */
  readonly isDryRun?: boolean | undefined;
  /** Asks for referrers of unchanged images, too: they may have come later. */
  readonly refreshReferrers?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}
