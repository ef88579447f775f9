import { expect, test } from 'vitest';
import { createVirtualClock } from '../../../test/faults/virtual-clock.ts';
import { BucketError } from '../../errors/bucket-error.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { createMemoryBucket } from '../memory/memory-bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { aroundBucket } from './around-bucket.ts';
import { withRetry } from './with-retry.ts';
import { withWatch } from './with-watch.ts';

const key = toObjectKey('a');

test('questions tell how long they took, writes do not', async () => {
  const clock = createVirtualClock();
  const slow = aroundBucket(createMemoryBucket({ clock }), {
    call: (_, run) => (clock.advance(30), run()),
    iterate: (_, open) => open(),
  });
  const answersMs: number[] = [];
  const bucket = withWatch(slow, { onAnswer: (durationMs) => void answersMs.push(durationMs), onFailure: () => undefined }, clock);
  await bucket.put(key, bytesSource(new Uint8Array(1)));
  await bucket.head(key);
  await bucket.get(key);
  expect(answersMs).toEqual([30, 30]);
});

test('every try that fails is told, with the time at which it began', async () => {
  const clock = createVirtualClock();
  let left = 2;
  const failing = aroundBucket(createMemoryBucket({ clock }), {
    async call(_, run) {
      clock.advance(10);
      if (left-- > 0) throw new BucketError('throttled', 'Cannot write: slow down');
      return run();
    },
    iterate: (_, open) => open(),
  });
  const failures: unknown[] = [];
  const beganAtMs: number[] = [];
  const onFailure = (error: unknown, began: number): void => void (failures.push(error), beganAtMs.push(began));
  const bucket = withRetry(withWatch(failing, { onAnswer: () => undefined, onFailure }, clock), { clock });
  await bucket.put(key, bytesSource(new Uint8Array(1)));
  expect(failures).toEqual([expect.objectContaining({ code: 'throttled' }), expect.objectContaining({ code: 'throttled' })]);
  expect((beganAtMs[1] ?? 0) - (beganAtMs[0] ?? 0)).toBeGreaterThanOrEqual(10);
});
