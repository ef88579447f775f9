import type { Clock } from '../streams/clock.ts';
import type { PartRange } from './part-plan.ts';

/** A range that is read: its end may come nearer while it is. */
export interface RangeUnderWay {
  readonly start: number;
  end: number;
  /** The next byte to come. */
  position: number;
  /** When its connection began; undefined while it waits for one. */
  beganAtMs: number | undefined;
}

/** Less time than this is no reason to ask another connection: it would have hardly begun. */
const leastLateMs = 300;
/** Fewer bytes than this are not worth a request. */
const leastBytes = 256 * 1024;

/**
 * Ranges in the order in which they are to be read. When all are under way, whoever has ended takes over the end of the one that would end last: as much as lets both end at one
 * time. So a few slow connections do not hold up everything (one in eight, five times slower, would make it take twice as long).
 */
export class RangeQueue {
  readonly #waiting: RangeUnderWay[];
  readonly #running = new Set<RangeUnderWay>();
  readonly #clock: Clock;
  readonly #mayHelp: () => boolean;
  /** Ranges that have ended: each leaves a connection that could help. */
  readonly #ended: RangeUnderWay[] = [];
  #wake: (() => void) | undefined;

  /** @param mayHelp whether there is a connection for one more range, which nobody waits for */
  constructor(ranges: readonly PartRange[], clock: Clock, mayHelp: () => boolean) {
    this.#waiting = ranges.map(({ start, end }) => ({ start, end, position: start, beganAtMs: undefined }));
    this.#clock = clock;
    this.#mayHelp = mayHelp;
  }

  /** Gives ranges, each to be ended by `end`, until none is left and none is under way. */
  async *take(): AsyncGenerator<RangeUnderWay, undefined> {
    for (let range = this.#waiting.shift(); range; range = this.#waiting.shift()) {
      this.#running.add(range);
      yield range;
    }
    while (this.#running.size > 0) {
      const helper = this.#ended.shift();
      const rest = helper && this.#mayHelp() ? this.#takeOver(helper) : undefined;
      if (rest) this.#running.add(rest);
      if (rest) yield rest;
      else if (this.#ended.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Tells that a range was read, or failed. */
  end(range: RangeUnderWay): void {
    this.#running.delete(range);
    if (this.#waiting.length === 0) this.#ended.push(range);
    this.#wake?.();
  }

  /** The end of the latest range, for the connection of one that has ended. */
  #takeOver(helper: RangeUnderWay): RangeUnderWay | undefined {
    const [latest] = [...this.#running].toSorted((a, b) => this.#msLeft(b) - this.#msLeft(a));
    if (latest === undefined || this.#msLeft(latest) < leastLateMs) return undefined;
    const [its, ours] = [this.#rate(latest), this.#rate(helper)];
    const { position, end } = latest;
    const cut = position + Math.ceil((end - position) * (its / (its + ours)));
    if (!(end - cut >= leastBytes)) return undefined;
    latest.end = cut;
    return { start: cut, end, position: cut, beganAtMs: undefined };
  }

  /** 0 for one that has not run long enough to tell. */
  #msLeft(range: RangeUnderWay): number {
    const isKnown = this.#clock.now() - (range.beganAtMs ?? Infinity) >= leastLateMs;
    return isKnown ? (range.end - range.position) / this.#rate(range) : 0;
  }

  /** Bytes a millisecond. */
  #rate({ start, position, beganAtMs = Infinity }: RangeUnderWay): number {
    return Math.max(1, position - start) / Math.max(1, this.#clock.now() - beganAtMs);
  }
}
