import { traceChannelNames } from '../../src/streams/trace.ts';
import type { openTraceChannel as Original } from '../../src/streams/trace.ts';

export { traceChannelNames };

/** A channel that is none: the work is done, and there is nothing else to do. */
export const openTraceChannel: typeof Original = () => ({
  active: false,
  run: (work) => work(undefined),
  iterate: (open) => open(undefined),
});
