import type { Bucket } from '../../src/bucket/bucket.ts';
import { aroundBucket, type BucketOperation } from '../../src/bucket/decorators/around-bucket.ts';
import { parseKey } from '../../src/layout/parse-key.ts';

/** One request, and the step in which it was sent: all that are under way at one moment are one step. */
export interface CountedRequest {
  readonly step: number;
  /** `get format`, `putPart blob`, `list`, … */
  readonly what: string;
}

/** A bucket whose every request takes as long as any other: those that were sent side by side are answered together, in one step. */
export interface StepBucket {
  readonly bucket: Bucket;
  readonly requests: CountedRequest[];
}

/** Puts a way there and back, always the same, before each request to a bucket that answers at once. */
export function createStepBucket(inner: Bucket): StepBucket {
  const requests: CountedRequest[] = [];
  let step = 0;
  let waiting: (() => void)[] = [];
  const travel = (operation: BucketOperation): Promise<void> =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) {
        step += 1;
        void arrive();
      }
      requests.push({ step, what: describe(operation) });
    });
  /** What is sent in the next turns of the event loop was not waited for anything that travels. */
  const arrive = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const arrived = waiting;
    waiting = [];
    for (const resolve of arrived) resolve();
  };
  const bucket = aroundBucket(inner, {
    async call(operation, run) {
      await travel(operation);
      return run();
    },
    async *iterate(operation, open) {
      await travel(operation);
      yield* open();
    },
  });
  return { bucket, requests };
}

function describe({ name, key }: BucketOperation): string {
  const kind = key === undefined ? undefined : parseKey(key)?.kind;
  return kind === undefined ? name : `${name} ${kind}`;
}
