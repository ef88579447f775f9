import { describe, expect, it } from 'vitest';
import {
  collect,
  expectCode,
  listKeys,
  patternBytes,
  readBytes,
  readText,
  textSource,
} from '../../../test/contract/bucket-contract-harness.ts';
import { type Fault, withFaults } from '../../../test/contract/with-faults.ts';
import { BucketError } from '../../errors/bucket-error.ts';
import type { BucketErrorCode } from '../../errors/codes.ts';
import { type ByteSource, bytesSource } from '../../streams/byte-source.ts';
import type { Clock } from '../../streams/clock.ts';
import type { Bucket } from '../bucket.ts';
import { createMemoryBucket } from '../memory/memory-bucket.ts';
import { toObjectKey } from '../object-key.ts';
import type { BucketOperationName } from './around-bucket.ts';
import { withRetry } from './with-retry.ts';

const key = toObjectKey('a/b');
const clock: Clock = { now: () => 0, random: () => 0.5, sleep: () => Promise.resolve() };

const passing: readonly BucketErrorCode[] = ['throttled', 'store-unavailable', 'connection-failed', 'timed-out', 'response-invalid'];
const lasting: readonly BucketErrorCode[] = ['access-denied', 'precondition-failed', 'checksum-mismatch', 'write-conflict', 'storage-full'];

describe('what may pass', () => {
  for (const code of passing) {
    it(`is tried again: ${code}`, async () => {
      const { bucket, counts } = failing(createMemoryBucket(), 'head', [fail('before', code), fail('before', code)]);
      expect(await bucket.head(key)).toBeUndefined();
      expect(counts.get('head')).toBe(3);
    });
  }
  for (const code of lasting) {
    it(`is not tried again: ${code}`, async () => {
      const { bucket, counts } = failing(createMemoryBucket(), 'put', [fail('before', code)]);
      await expectCode(bucket.put(key, textSource('x')), code);
      expect(counts.get('put')).toBe(1);
    });
  }
  it('is given up after the number of tries set, with the last failure', async () => {
    const memory = createMemoryBucket();
    const { bucket, counts } = failing(
      memory,
      'delete',
      Array.from({ length: 9 }, () => fail('before', 'store-unavailable')),
    );
    await expectCode(bucket.delete(key), 'store-unavailable');
    expect(counts.get('delete')).toBe(6);
  });
});

describe('a conditional put whose answer was lost', () => {
  for (const code of passing.filter((code) => code !== 'throttled')) {
    it(`counts as done when the object is what was put (${code})`, async () => {
      const { bucket, inner } = failing(createMemoryBucket(), 'put', [fail('after', code)]);
      const { etag } = await bucket.put(key, textSource('mine'), { ifNoneMatch: '*', contentType: 'text/plain' });
      expect(await inner.head(key)).toMatchObject({ etag, contentType: 'text/plain' });
    });
  }
  it('counts as done also where the store has no MD5 as ETag', async () => {
    const { bucket, inner } = failing(createMemoryBucket({ quirks: { opaqueETags: true } }), 'put', [fail('after', 'timed-out')]);
    const { etag } = await bucket.put(key, textSource('mine'), { ifNoneMatch: '*' });
    expect(await inner.head(key)).toMatchObject({ etag });
  });
  it('counts as done when it replaced a version', async () => {
    const memory = createMemoryBucket();
    const before = await memory.put(key, textSource('before'));
    const { bucket } = failing(memory, 'put', [fail('after', 'connection-failed')]);
    await bucket.put(key, textSource('after'), { ifMatch: before.etag });
    expect(await readText(memory, key)).toBe('after');
  });
  it('is refused when another wrote first, with as many bytes', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, textSource('his!'));
    const { bucket } = failing(memory, 'put', [fail('before', 'timed-out')]);
    await expectCode(bucket.put(key, textSource('mine'), { ifNoneMatch: '*' }), 'precondition-failed');
    expect(await readText(memory, key)).toBe('his!');
  });
  it('is refused when another wrote the same bytes as another type', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, textSource('same'), { contentType: 'text/his' });
    const { bucket } = failing(memory, 'put', [fail('before', 'timed-out')]);
    await expectCode(bucket.put(key, textSource('same'), { ifNoneMatch: '*', contentType: 'text/mine' }), 'precondition-failed');
  });
  it('waits out the conflict with itself', async () => {
    const faults = [fail('after', 'timed-out'), fail('before', 'write-conflict')];
    const { bucket, counts } = failing(createMemoryBucket(), 'put', faults);
    await bucket.put(key, textSource('mine'), { ifNoneMatch: '*' });
    expect(counts.get('put')).toBe(3);
  });
  it('is not believed to be ours without a lost answer', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, textSource('same'));
    const { bucket, counts } = failing(memory, 'put', [fail('before', 'throttled')]);
    await expectCode(bucket.put(key, textSource('same'), { ifNoneMatch: '*' }), 'precondition-failed');
    expect(counts.get('head')).toBeUndefined();
  });
});

describe('a Complete whose answer was lost', () => {
  for (const opaqueETags of [false, true]) {
    it(`counts as done when the key holds its parts${opaqueETags ? ', not told where ETags prove nothing' : ''}`, async () => {
      const { bucket, inner } = failing(createMemoryBucket({ quirks: { opaqueETags } }), 'complete', [fail('after', 'store-unavailable')]);
      const { upload, parts } = await uploadOne(bucket);
      const completing = bucket.multipart!.complete(upload, parts);
      if (opaqueETags) await expectCode(completing, 'upload-missing');
      else expect(await inner.head(key)).toMatchObject(await completing);
    });
  }
  it('is refused when the key holds something else', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, textSource('another'));
    const { bucket, inner } = failing(memory, 'complete', [fail('before', 'timed-out')]);
    const { upload, parts } = await uploadOne(bucket);
    await inner.multipart!.abort(upload);
    await expectCode(bucket.multipart!.complete(upload, parts), 'upload-missing');
  });
  it('counts as done when its own condition then fails', async () => {
    const memory = createMemoryBucket();
    const { bucket } = failing(memory, 'complete', [fail('after', 'connection-failed')]);
    const { upload, parts } = await uploadOne(bucket);
    await bucket.multipart!.complete(upload, parts, { ifNoneMatch: '*' });
    expect(await readText(memory, key)).toBe('part');
  });
});

describe('a body that breaks', () => {
  const bytes = patternBytes(300_000);

  it('goes on where it broke, again and again', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, bytesSource(bytes));
    const { bucket, counts } = failing(
      memory,
      'get',
      Array.from({ length: 20 }, () => breakAfter(10_001)),
    );
    expect(Buffer.from(await readBytes(bucket, key)).equals(bytes)).toBe(true);
    expect(counts.get('get')).toBe(21);
  });
  it('goes on within the range asked for', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, bytesSource(bytes));
    const { bucket } = failing(memory, 'get', [breakAfter(500), breakAfter(0), breakAfter(499)]);
    const content = await bucket.get(key, { range: { start: 1000, end: 2000 } });
    expect(Buffer.concat(await collect(content!.body)).equals(bytes.subarray(1000, 2000))).toBe(true);
  });
  it('goes on where the store ignores ranges', async () => {
    const memory = createMemoryBucket({ quirks: { ignoresRange: true } });
    await memory.put(key, bytesSource(bytes));
    const { bucket } = failing(memory, 'get', [breakAfter(70_000), breakAfter(140_000)]);
    expect(Buffer.from(await readBytes(bucket, key)).equals(bytes)).toBe(true);
  });
  it('fails when the object was replaced meanwhile', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, bytesSource(bytes));
    const { bucket } = failing(memory, 'get', [breakAfter(70_000)]);
    const content = await bucket.get(key);
    await memory.put(key, bytesSource(patternBytes(300_000, 2)));
    await expectCode(collect(content!.body), 'precondition-failed');
  });
  it('fails when the object was deleted meanwhile', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, bytesSource(bytes));
    const { bucket } = failing(memory, 'get', [breakAfter(70_000)]);
    const content = await bucket.get(key);
    await memory.delete(key);
    await expectCode(collect(content!.body), 'connection-failed');
  });
  it('is let go by a reader who leaves before it began', async () => {
    let left = 0;
    const memory = createMemoryBucket();
    await memory.put(key, bytesSource(bytes));
    const get: Bucket['get'] = async (...args) => {
      const content = await memory.get(...args);
      return content && { ...content, body: { [Symbol.asyncIterator]: () => ({ next: neverRead, return: () => leave(() => left++) }) } };
    };
    const content = await withRetry({ ...memory, get }, { clock }).get(key);
    await content!.body[Symbol.asyncIterator]().return?.();
    expect(left).toBe(1);
  });
  it('is given up when no more bytes come', async () => {
    const memory = createMemoryBucket();
    await memory.put(key, bytesSource(bytes));
    const { bucket, counts } = failing(memory, 'get', [breakAfter(5), ...Array.from({ length: 20 }, () => breakAfter(0))]);
    await expectCode(readBytes(bucket, key), 'connection-failed');
    expect(counts.get('get')).toBe(6);
  });
});

it('gives each key once when a listing breaks, in whatever order the store lists', async () => {
  for (const listOrder of ['bytes', 'slash-first'] as const) {
    const memory = createMemoryBucket({ quirks: { listOrder } });
    const keys = ['a', 'a-b', 'a/1', 'a/2', 'b'].map(toObjectKey);
    for (const each of keys) await memory.put(each, textSource('x'));
    const { bucket } = failing(memory, 'list', [breakAfter(1), breakAfter(3), breakAfter(4)]);
    expect(await listKeys(bucket, {})).toEqual(keys);
  }
});

it('gives each part and each upload once when their listing breaks', async () => {
  const memory = createMemoryBucket();
  const { upload, parts } = await uploadOne(memory);
  const second = await memory.multipart!.putPart(upload, 2, textSource('more'));
  expect(await collect(failing(memory, 'listParts', [breakAfter(1)]).bucket.multipart!.listParts(upload))).toMatchObject([
    ...parts,
    second,
  ]);
  expect(await collect(failing(memory, 'listUploads', [breakAfter(1)]).bucket.multipart!.listUploads(key))).toMatchObject([upload]);
});

it('sends a part again, and begins an upload again though one may be left over', async () => {
  const memory = createMemoryBucket();
  const sending = failing(memory, 'putPart', [fail('after', 'timed-out')]);
  const { upload, parts } = await uploadOne(sending.bucket);
  expect(await collect(memory.multipart!.listParts(upload))).toMatchObject(parts);
  const beginning = failing(memory, 'create', [fail('after', 'timed-out')]);
  await uploadOne(beginning.bucket);
  expect(await collect(memory.multipart!.listUploads(key))).toHaveLength(3);
});

it('does not try again what the source of a body did wrong', async () => {
  let opened = 0;
  const broken: ByteSource = {
    size: 4,
    seekable: true,
    // oxlint-disable-next-line require-yield -- it fails before its first byte
    async *open() {
      opened++;
      throw new BucketError('connection-failed', 'the source broke');
    },
  };
  const { bucket } = failing(createMemoryBucket(), 'put', []);
  await expectCode(bucket.put(key, broken), 'connection-failed');
  const upload = await bucket.multipart!.create(key, { size: 4, partSize: 4 });
  await expectCode(bucket.multipart!.putPart(upload, 1, broken), 'connection-failed');
  expect(opened).toBe(2);
});

it('opens the body again for each try', async () => {
  const { bucket, inner } = failing(createMemoryBucket(), 'put', [fail('after', 'timed-out'), fail('before', 'connection-failed')]);
  await bucket.put(key, bytesSource(patternBytes(100_000)));
  expect(Buffer.from(await readBytes(inner, key)).equals(patternBytes(100_000))).toBe(true);
});

function neverRead(): Promise<IteratorResult<Uint8Array, undefined>> {
  return Promise.reject(new Error('it was read'));
}

function leave(note: () => void): Promise<IteratorResult<Uint8Array, undefined>> {
  note();
  return Promise.resolve({ done: true, value: undefined });
}

function fail(when: 'before' | 'after', code: BucketErrorCode): Fault {
  return { when, error: new BucketError(code, `planted: ${code}`) };
}

function breakAfter(after: number): Fault {
  return { when: 'within', after, error: new BucketError('connection-failed', 'planted: the connection broke') };
}

/** Retries over a bucket whose first calls of one operation go wrong one after the other. */
function failing(
  inner: Bucket,
  name: BucketOperationName,
  faults: readonly Fault[],
): { bucket: Bucket; inner: Bucket; counts: Map<BucketOperationName, number> } {
  const counts = new Map<BucketOperationName, number>();
  const faulty = withFaults(inner, (operation) => {
    const count = (counts.get(operation.name) ?? 0) + 1;
    counts.set(operation.name, count);
    return operation.name === name ? faults[count - 1] : undefined;
  });
  return { bucket: withRetry(faulty, { clock }), inner, counts };
}

async function uploadOne(bucket: Bucket): Promise<{
  upload: Awaited<ReturnType<NonNullable<Bucket['multipart']>['create']>>;
  parts: Awaited<ReturnType<NonNullable<Bucket['multipart']>['putPart']>>[];
}> {
  const upload = await bucket.multipart!.create(key, { size: 4, partSize: 4 });
  return { upload, parts: [await bucket.multipart!.putPart(upload, 1, textSource('part'))] };
}
