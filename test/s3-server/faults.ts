import type { Operation } from './operations.ts';

/**
 * How a request can go wrong.
 *
 * - `error-500`: answered 500 InternalError, not acted on.
 * - `slow-down-503`: answered 503 SlowDown, not acted on.
 * - `reset-before`: the connection is reset as soon as the head has come; not acted on.
 * - `reset-within`: acted on; half of the answer, then a reset.
 * - `reset-after`: acted on; a reset instead of the answer.
 * - `short-body`: acted on; the answer announces its whole length, but the connection is closed after half the body.
 * - `stall`: no answer until the client hangs up; `acts` says whether it was acted on, which it is not unless asked.
 * - `error-in-200`: Complete and the copies answer 200 with an error document, not acted on; all else as `error-500`.
 *
 * An answer without a body is cut in the middle of its head.
 */
export const FAULT_MODES = [
  'error-500',
  'slow-down-503',
  'reset-before',
  'reset-within',
  'reset-after',
  'short-body',
  'stall',
  'error-in-200',
] as const;

export type FaultMode = (typeof FAULT_MODES)[number];

/** What is known of a request when a fault decides whether it is meant. */
export interface FaultTarget {
  readonly operation: Operation | undefined;
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
}

export interface Fault {
  /** Which request is hit, counted from 1 among those that match from now on. */
  readonly at: number;
  readonly mode: FaultMode;
  /** Only `stall` heeds it. */
  readonly acts?: boolean;
  /** Further headers of `error-500` and `slow-down-503`, such as Retry-After, which S3 itself never sends. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly matches?: (target: FaultTarget) => boolean;
}

/** A fault that waits for its request. */
export interface ArmedFault {
  readonly fault: Fault;
  /** Whether its request came, by which a table of faults knows that it has tried every point. */
  readonly hasFired: boolean;
  cancel(): void;
}

const ACTS: Readonly<Record<FaultMode, boolean>> = {
  'error-500': false,
  'slow-down-503': false,
  'reset-before': false,
  'reset-within': true,
  'reset-after': true,
  'short-body': true,
  stall: false,
  'error-in-200': false,
};

/** Whether a request that a fault hits is carried out all the same. */
export function actsUnder({ mode, acts }: Fault): boolean {
  return mode === 'stall' ? (acts ?? false) : ACTS[mode];
}

/** The faults of a server that are still to come. */
export class FaultQueue {
  readonly #waiting: Map<Fault, { left: number; hasFired: boolean }> = new Map();

  inject(fault: Fault): ArmedFault {
    const own = { ...fault };
    const state = { left: own.at, hasFired: false };
    if (!Number.isInteger(own.at) || own.at < 1) throw new RangeError(`Cannot inject a fault at request ${own.at}, wanted 1 or more`);
    this.#waiting.set(own, state);
    return {
      fault: own,
      get hasFired() {
        return state.hasFired;
      },
      cancel: () => {
        this.#waiting.delete(own);
      },
    };
  }

  /** Counts a request for every fault that it matches, and gives the first whose turn it is. */
  take(target: FaultTarget): Fault | undefined {
    let taken: Fault | undefined;
    for (const [fault, state] of this.#waiting) {
      if (fault.matches && !fault.matches(target)) continue;
      state.left = Math.max(0, state.left - 1);
      if (state.left > 0 || taken) continue;
      taken = fault;
      state.hasFired = true;
      this.#waiting.delete(fault);
    }
    return taken;
  }
}
