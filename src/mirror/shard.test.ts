import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isInShard, parseShard } from './shard.ts';

it('every name is in exactly one shard', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 60 }), (name, count) => {
      const shards = Array.from({ length: count }, (_, index) => ({ index: index + 1, count }));
      expect(shards.filter((shard) => isInShard(name, shard))).toHaveLength(1);
    }),
  );
});

it('a name stays in its shard in every version of bucketry', () => {
  const names = ['library/alpine', 'library/nginx', 'org/app', 'org/worker'];
  const inFirst = names.filter((name) => isInShard(name, { index: 1, count: 2 }));
  expect(inFirst).toMatchInlineSnapshot(`
    [
      "library/alpine",
      "library/nginx",
      "org/app",
      "org/worker",
    ]
  `);
});

it('shards are about as large as each other', () => {
  const names = Array.from({ length: 4000 }, (_, index) => `org/app-${index}`);
  const sizes = [1, 2, 3, 4].map((index) => names.filter((name) => isInShard(name, { index, count: 4 })).length);
  for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(150);
});

it('a shard is written I/N, from 1', () => {
  expect(parseShard('2/8')).toEqual({ index: 2, count: 8 });
  for (const text of ['0/8', '9/8', '1/0', '1', '1/8/2', '-1/8']) {
    expect(() => parseShard(text)).toThrow(expect.objectContaining({ code: 'usage-invalid' }));
  }
});
