/** The rules of the handshake (docs/bucket-layout.md, "Collection"), each of which the tests break in turn to see that the model notices. */
export interface Rules {
  /**
   * Pusher: how it knows that a whole subtree need not be sent. `tagged`: a tag names it. `never`: it looks at everything. Not sound: `root-there`: its root is there; `published`: so is
   * the root's index of referrers, which pushes write once they are settled, and collectors delete before the root.
   */
  readonly skipSubtree: 'tagged' | 'never' | 'root-there' | 'published';
  /** Pusher: puts the root again, though the subtree is skipped. */
  readonly putSkippedRoot: boolean;
  /** Pusher: reads `_collection` again after its manifests. */
  readonly askAgain: boolean;
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
  putSkippedRoot: true,
  askAgain: true,
  rememberCondemned: true,
  lookAgain: true,
  renewWhenLate: true,
  renewUntagged: true,
  keepSentWhenAbandoned: true,
  condemn: 'unreached',
  listAfterCondemning: true,
  spareYoung: true,
  stopBeforeExpiry: true,
  writeConditionally: true,
};
