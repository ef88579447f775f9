import { expect, it } from 'vitest';
import { toPublicKey } from './public-key.ts';

it.each(['v2/', 'v2/app/tags/list', 'v2/not/of/the/format'])('%j may be read by everyone', (path) => {
  expect(toPublicKey(path)).toBe(path);
});

it.each(['', 'v2', '_bucketry/format', 'v2/../_bucketry/format', 'v2//x', 'v2/./x', 'v2/\u0000', `v2/${'x'.repeat(1100)}`, '/v2/'])(
  '%j may not',
  (path) => {
    expect(toPublicKey(path)).toBeUndefined();
  },
);
