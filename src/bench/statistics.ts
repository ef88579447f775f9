/** What a row of measurements comes to. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** How often one is faster than another, and whether that can be said at all. */
export interface Comparison {
  /** The other's median over this one's: 2 is twice as fast. */
  readonly ratio: number;
  /** Between which ratios 95 % of resampled medians lie. */
  readonly low: number;
  readonly high: number;
  readonly verdict: 'faster' | 'slower' | 'within noise' | 'too few runs';
}

/** Differences below it are ties on a machine that others use too. */
export const tieRatio = 1.15;
/** Fewer runs of either say nothing of how much they scatter. */
export const leastComparableRuns = 3;

const resamples = 2_000;
const tail = 0.025;

/** Throws for no values. */
export function summarize(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { min: at(sorted, 0), median: medianOf(sorted), max: at(sorted, sorted.length - 1) };
}

/**
 * Compares times: a bootstrap of both medians. Says "within noise" below `tieRatio` either way, and where the resampled ratios do not all lie on one side of 1.
 * The same values give the same answer. Throws for no values.
 */
export function compare(own: readonly number[], other: readonly number[]): Comparison {
  const ratio = summarize(other).median / summarize(own).median;
  const random = createRandom(own.length * 1000 + other.length);
  const ratios = Array.from({ length: resamples }, () => medianOf(resample(other, random)) / medianOf(resample(own, random)));
  ratios.sort((a, b) => a - b);
  const low = at(ratios, Math.floor(tail * resamples));
  const high = at(ratios, Math.ceil((1 - tail) * resamples) - 1);
  const isTooFew = Math.min(own.length, other.length) < leastComparableRuns;
  return { ratio, low, high, verdict: isTooFew ? 'too few runs' : judge(ratio, low, high) };
}

function judge(ratio: number, low: number, high: number): Comparison['verdict'] {
  if (ratio >= tieRatio && low > 1) return 'faster';
  if (ratio <= 1 / tieRatio && high < 1) return 'slower';
  return 'within noise';
}

function resample(values: readonly number[], random: () => number): number[] {
  return values.map(() => at(values, Math.floor(random() * values.length))).sort((a, b) => a - b);
}

function medianOf(sorted: readonly number[]): number {
  const half = (sorted.length - 1) / 2;
  return (at(sorted, Math.floor(half)) + at(sorted, Math.ceil(half))) / 2;
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new Error(`Cannot read value ${index} of ${values.length}`);
  return value;
}

/** Numbers from 0 up to 1 that look random and are the same every time: a linear congruential generator of 32 bits. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The values in another order. */
export function shuffle<T>(values: readonly T[], random: () => number): T[] {
  return values
    .map((value) => ({ value, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
