import type { Bucket } from '../../src/bucket/bucket.ts';
import { aroundBucket } from '../../src/bucket/decorators/around-bucket.ts';

/** A bucket whose requests and answers take more or less long on their way, so that racing callers meet in every order. `seed` makes a run repeatable. */
export function createJitteryBucket(inner: Bucket, seed: number): Bucket {
  let state = seed * 2_654_435_761 + 1;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const travel = async (): Promise<void> => {
    for (let left = draw(4); left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return aroundBucket(inner, {
    async call(_, run) {
      await travel();
      const result = await run();
      await travel();
      return result;
    },
    async *iterate(_, open) {
      await travel();
      yield* open();
      await travel();
    },
  });
}
