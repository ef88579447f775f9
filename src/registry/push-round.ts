import { maxUntaggedMs, settlePush } from '../layout/collection-state.ts';
import type { CollectionState } from '../layout/collection-state.ts';
import type { Digest } from '../oci/digest.ts';
import type { Clock } from '../streams/clock.ts';
import type { FoundUpload } from './blob-upload.ts';
import type { PreparedVersion } from './derived-object.ts';
import type { Manifests, StoredManifest } from './manifests.ts';
import type { Outlook } from './push-outlook.ts';

/** What a push knows and has done since it last looked; when a collection comes between, it begins again. */
export interface PushRound {
  readonly outlook: Outlook;
  /** Blobs that are not there, and what their uploads go on with. */
  readonly missed: Map<Digest, FoundUpload | undefined>;
  /** Whether something that no tag vouches for was there: it may be old, and a collection take it. */
  hasFound: boolean;
  readonly put: Map<Digest, StoredManifest>;
  /** Manifests whose indexes of referrers are there. */
  readonly indexed: Set<Digest>;
  firstManifestAtMs?: number;
  /** `_collection` as it was after all had been looked for, and missed. */
  early?: CollectionState | undefined;
  /** The root that is coming, if it was told. */
  root?: Digest;
  /** The tag names that root already, and nothing else is coming. */
  isUnchanged: boolean;
  /** The list with the tag that is coming. */
  list?: PreparedVersion | undefined;
  /** Whether what the tag named at the begin was put once more. */
  isNamedRenewed: boolean;
  /** Roots that were put once more, when, and the end of it. */
  readonly renewals: Map<Digest, { readonly atMs: number; readonly done: Promise<unknown> }>;
  /** What the tag names that is about to be moved, as it was read when that was to come soon. */
  old?: { readonly named: StoredManifest | undefined; readonly isRenewed: boolean } | undefined;
  isMarked: boolean;
  isSettled: boolean;
  /** From when on the push may be late. */
  sinceMs: number;
}

export function createRound(outlook: Outlook): PushRound {
  return {
    outlook,
    missed: new Map(),
    hasFound: false,
    put: new Map(),
    indexed: new Set(outlook.complete),
    isUnchanged: false,
    isNamedRenewed: false,
    renewals: new Map(),
    // The list is written after the marker; what a tag names was pushed here
    isMarked: outlook.list !== undefined || outlook.complete.size > 0,
    isSettled: false,
    sinceMs: outlook.beganAtMs,
  };
}

/** Of the time that a push may take if it asked early; the other half is left to the rest of it. */
const maxEarlyMs: number = maxUntaggedMs / 2;

/** Whether the round was settled before its manifests, and not so long ago that it must ask again. */
export function isSettledEarly({ outlook, early, hasFound }: PushRound, used: ReadonlySet<Digest>, clock: Clock): boolean {
  if (!early || hasFound || clock.now() - outlook.beganAtMs > maxEarlyMs) return false;
  return settlePush(outlook.collection, early, used) === 'settled';
}

/**
 * Puts a root once more that a tag is about to be taken from; the same again shortly after counts as done (R2 takes one write a second a key), and the push is late by the time of the
 * one that was done.
 */
export async function renewRoot(
  manifests: Pick<Manifests, 'put'>,
  round: PushRound,
  { descriptor: { digest }, bytes }: StoredManifest,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const before = round.renewals.get(digest);
  if (before && clock.now() - before.atMs < maxEarlyMs) {
    round.sinceMs = Math.min(round.sinceMs, before.atMs);
    await before.done;
    return;
  }
  const done = manifests.put(digest, bytes, { signal });
  round.renewals.set(digest, { atMs: clock.now(), done });
  await done;
}
