import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTraceparent } from './traceparent.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  it('reads the ids, and whether the caller keeps the trace', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, isSampled: true });
    expect(parseTraceparent(` 00-${traceId}-${spanId}-00\n`)).toEqual({ traceId, spanId, isSampled: false });
    expect(parseTraceparent(`00-${traceId}-${spanId}-03`)).toMatchObject({ isSampled: true });
  });

  it('reads of a later version what this one knows', () => {
    expect(parseTraceparent(`01-${traceId}-${spanId}-01-more`)).toEqual({ traceId, spanId, isSampled: true });
  });

  it.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['the forbidden version', `ff-${traceId}-${spanId}-01`],
    ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['an id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['more than this version has', `00-${traceId}-${spanId}-01-more`],
    ['flags that are too long', `00-${traceId}-${spanId}-010`],
  ])('takes %s for none', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('takes any other text for none, and never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === undefined));
  });
});
