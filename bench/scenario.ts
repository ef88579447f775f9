import type { Contestant } from './contestants/contestant.ts';
import type { LinkShape } from './link/open-link.ts';
import type { MaterialShape } from './materials/material.ts';
import type { Target } from './targets.ts';

/** One piece of work that contestants do in turn. */
export interface Scenario {
  readonly title: string;
  /** What is measured. */
  readonly meaning: string;
  /** What must not be read into the figures. */
  readonly limits: string;
  readonly image: MaterialShape;
  /** What lies between clients and servers; without it nothing does, whatever the command line says. */
  readonly link?: LinkShape | undefined;
  /** MinIO, or the store that throws bytes away. */
  readonly store: 'minio' | 'sink';
  /** `empty`: nothing is stored before a run. `pushed`: every contestant's own push was done once. */
  readonly stored: 'empty' | 'pushed';
  /** Whether the image's bytes go over the link in each run, so that a rate means something. */
  readonly moves: boolean;
  /** Ours first: the others are compared with it. */
  readonly contestants: readonly [Contestant, ...Contestant[]];
  /** Those whose push fills the store, where it is to be full; without any, the contestants themselves. */
  readonly filledBy?: readonly Contestant[] | undefined;
  /** Those who take long and are as fast as the link lets them, each time: they run in the first rounds only. */
  readonly seldom?: readonly Contestant[] | undefined;
  /** Rounds that are counted for each that is asked for; 1 if left out, more for what takes moments. */
  readonly repeats?: number | undefined;
  /** At most so many rounds, and no warm-up: for what takes long. */
  readonly mostRounds?: number | undefined;
  /** Whether requests are counted, through a relay: not where that would take longer than all the rest. */
  readonly isCounted: boolean;
  readonly targets: readonly Target[];
}
