import type { OpenRange } from './resume-range.ts';

/** Why reading by ranges is given up; never leaves this folder. */
export class RangesIgnored extends Error {}

/** Opens exactly what is asked for. @throws RangesIgnored where the other end gives anything else */
export function exactRanges(open: OpenRange): OpenRange {
  return async (start, end, signal) => {
    const opened = await open(start, end, signal);
    if (opened.start === start && opened.contentLength === end - start) return opened;
    await opened.body[Symbol.asyncIterator]().return?.();
    throw new RangesIgnored();
  };
}
