/** The rules of the handshake (docs/bucket-layout.md, "Collection"), each of which the tests break in turn to see that the model notices. */
export interface Rules {
  /**
   * Pusher: how it knows that a whole subtree need not be sent. `tagged`: a tag names it. `never`: it looks at everything. Not sound: `root-there`: its root is there; `published`: so is
   * the root's index of referrers, which pushes write once they are settled, and collectors delete before the root.
   */
  readonly skipSubtree: 'tagged' | 'never' | 'root-there' | 'published';
  /** Pusher: takes the tag that it read beside the first `_collection` for no proof when the answers were half a grace period apart. */
  readonly dropLateWitness: boolean;
  /** Pusher: looks for indexes of referrers, which it puts before their manifests, as for blobs: after the first read of `_collection`, and anew when a collection came between. */
  readonly publishAgain: boolean;
  /** Pusher: puts the root again, though the subtree is skipped. */
  readonly putSkippedRoot: boolean;
  /** Pusher: reads `_collection` again before it tags. */
  readonly askAgain: boolean;
  /**
   * Pusher: when that may be. `manifests`: only after its manifests. `missed`: also before them, when all that no witness vouches for was looked at and missed (so that whatever is there of
   * it is young), if the tag comes before what was young at the first read is old. Not sound: `looks`: whatever the looks showed.
   */
  readonly askAfter: 'manifests' | 'missed' | 'looks';
  /** Pusher that asked before its manifests: counts how late it is from when it began, not from its manifests. */
  readonly countFromBegin: boolean;
  /** Pusher: goes by what was condemned when it first read `_collection`, though that collection may have ended when it asks again. */
  readonly rememberCondemned: boolean;
  /** Pusher: when a collection came between, looks at every blob again. */
  readonly lookAgain: boolean;
  /** Pusher: when it was too slow, puts its manifests again and asks again before it tags. */
  readonly renewWhenLate: boolean;
  /** Who takes a tag from a manifest: puts that manifest again just before. */
  readonly renewUntagged: boolean;
  /** Pusher that fails: leaves completed objects alone (others may have seen and skipped them). */
  readonly keepSentWhenAbandoned: boolean;
  /** Collector: what it condemns: what no tag reaches, or (as careless, and as safe) all that is old. */
  readonly condemn: 'unreached' | 'old';
  /** Collector: condemns also what has left only an index of referrers. */
  readonly condemnIndexes: boolean;
  /** Collector: lists the roots after it has written what it condemns. */
  readonly listAfterCondemning: boolean;
  /** Collector: spares what is younger than the grace period. */
  readonly spareYoung: boolean;
  /** Collector: deletes nothing after its time is over. */
  readonly stopBeforeExpiry: boolean;
  /** Collector: writes `_collection` only over the version it read. */
  readonly writeConditionally: boolean;
}

export const soundRules: Rules = {
  skipSubtree: 'tagged',
  dropLateWitness: true,
  publishAgain: true,
  putSkippedRoot: true,
  askAgain: true,
  askAfter: 'missed',
  countFromBegin: true,
  rememberCondemned: true,
  lookAgain: true,
  renewWhenLate: true,
  renewUntagged: true,
  keepSentWhenAbandoned: true,
  condemn: 'unreached',
  condemnIndexes: true,
  listAfterCondemning: true,
  spareYoung: true,
  stopBeforeExpiry: true,
  writeConditionally: true,
};
