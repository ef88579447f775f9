import { tracingChannel } from 'node:diagnostics_channel';
import { afterEach, expect, it } from 'vitest';
import { collect, expectCode, textSource } from '../../../test/contract/bucket-contract-harness.ts';
import { createMemoryBucket } from '../memory/memory-bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { withTrace } from './with-trace.ts';

const key = toObjectKey('a');
const channel = tracingChannel('bucketry:bucket');
const heard: Record<string, unknown>[] = [];
const subscribers = {
  start: () => undefined,
  end: () => undefined,
  asyncStart: () => undefined,
  asyncEnd: (context: object) => void heard.push({ ...context }),
  error: () => undefined,
};
afterEach(() => {
  channel.unsubscribe(subscribers);
  heard.length = 0;
});

it('tells of every operation with its key and outcome', async () => {
  channel.subscribe(subscribers);
  const bucket = withTrace(createMemoryBucket({ location: 'memory:test' }));
  await bucket.put(key, textSource('x'));
  await expectCode(bucket.put(key, textSource('y'), { ifNoneMatch: '*' }), 'precondition-failed');
  await bucket.multipart!.create(key, { size: 1, partSize: 1 });
  expect(heard).toMatchObject([
    { operation: 'put', location: 'memory:test', key, result: { etag: expect.any(String) } },
    { operation: 'put', key, error: { code: 'precondition-failed' } },
    { operation: 'create', key },
  ]);
});

it('tells of a listing when it ended, was left or failed', async () => {
  const bucket = withTrace(createMemoryBucket());
  await bucket.put(key, textSource('x'));
  channel.subscribe(subscribers);
  await collect(bucket.list());
  for await (const _ of bucket.list()) break;
  await expectCode(collect(bucket.list({ signal: AbortSignal.abort() })), 'aborted');
  expect(heard).toMatchObject([{ operation: 'list' }, { operation: 'list' }, { operation: 'list', error: { code: 'aborted' } }]);
});
