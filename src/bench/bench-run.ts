import type { Contestant, Measurement } from './contestant.ts';

/** One run of one contestant. */
export interface BenchRun {
  readonly contestant: Contestant;
  /** From 1. */
  readonly round: number;
  readonly result: { readonly kind: 'measured'; readonly measurement: Measurement } | { readonly kind: 'failed'; readonly reason: string };
  /** What the run has left behind and could not be removed, and why. */
  readonly leftovers: readonly string[];
}
