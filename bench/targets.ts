import type { Contestant } from './contestants/contestant.ts';

/** What a scenario is to show of ours, its first contestant. A number that is missing is measured and not judged. */
export type Target =
  /** The other's median time over ours. */
  | { readonly kind: 'as-fast-as'; readonly other: Contestant; readonly atLeast?: number | undefined }
  /** The same, of times from which the start of a program on the same runtime was taken off ours. */
  | {
      readonly kind: 'as-fast-without-start';
      readonly other: Contestant;
      readonly start: Contestant;
      readonly atLeast?: number | undefined;
    }
  /** Our median time less that of the other. */
  | { readonly kind: 'over'; readonly other: Contestant; readonly atMostMs?: number | undefined }
  /** Our median of processor time over the other's. */
  | { readonly kind: 'processor'; readonly other: Contestant; readonly atMost?: number | undefined }
  /** The largest peak of all our runs. */
  | { readonly kind: 'memory'; readonly atMostMib?: number | undefined }
  /** The rate of the last GiB over that of the first, at the median. */
  | { readonly kind: 'pace'; readonly atLeast?: number | undefined };
