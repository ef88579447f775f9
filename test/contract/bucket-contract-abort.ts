import { expect } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { type ByteSource, bytesSource } from '../../src/streams/byte-source.ts';
import { collect, type DefineTest, expectCode, patternBytes, readBytes, readStream, textSource } from './bucket-contract-harness.ts';

/** AbortSignals: every operation rejects with `aborted` and leaves nothing half-done to be seen. */
export function defineAbortTests(define: DefineTest): void {
  define('does nothing once its signal is aborted', async ({ bucket, key }) => {
    await bucket.put(key('a'), textSource('a'));
    const signal = AbortSignal.abort();
    for (const operation of operations(bucket, key('a'), key('b'), signal)) await expectCode(operation(), 'aborted');
    expect(await bucket.head(key('a'))).toMatchObject({ size: 1 });
    expect(await bucket.head(key('b'))).toBeUndefined();
  });

  define('does nothing to uploads once its signal is aborted', async ({ bucket, key, need }) => {
    const uploads = need(bucket.multipart, 'multipart uploads');
    const upload = await uploads.create(key('a'), { size: 1, partSize: 1 });
    const part = await uploads.putPart(upload, 1, textSource('a'));
    const signal = AbortSignal.abort();
    await expectCode(uploads.create(key('b'), { size: 1, partSize: 1, signal }), 'aborted');
    await expectCode(uploads.putPart(upload, 2, textSource('b'), { signal }), 'aborted');
    await expectCode(collect(uploads.listParts(upload, { signal })), 'aborted');
    await expectCode(collect(uploads.listUploads(key('a'), { signal })), 'aborted');
    await expectCode(uploads.complete(upload, [part], { signal }), 'aborted');
    await expectCode(uploads.abort(upload, { signal }), 'aborted');
    expect(await bucket.head(key('a'))).toBeUndefined();
    await uploads.complete(upload, [part]);
    expect(await bucket.head(key('a'))).toMatchObject({ size: 1 });
  });

  define('stops a put in the middle of its body', async ({ bucket, key }) => {
    const controller = new AbortController();
    await expectCode(bucket.put(key('a'), abortingSource(controller), { signal: controller.signal }), 'aborted');
    expect(await bucket.head(key('a'))).toBeUndefined();
  });

  define('stops a part in the middle of its body', async ({ bucket, key, need }) => {
    const uploads = need(bucket.multipart, 'multipart uploads');
    const controller = new AbortController();
    const body = abortingSource(controller);
    const upload = await uploads.create(key('a'), { size: body.size, partSize: body.size });
    await expectCode(uploads.putPart(upload, 1, body, { signal: controller.signal }), 'aborted');
    expect(await collect(uploads.listParts(upload))).toEqual([]);
    await uploads.abort(upload);
  });

  define('stops a body that is being read', async ({ bucket, key }) => {
    const bytes = patternBytes(8_000_000);
    await bucket.put(key('a'), bytesSource(bytes));
    const controller = new AbortController();
    const content = await bucket.get(key('a'), { signal: controller.signal });
    const reading = content!.body[Symbol.asyncIterator]();
    await reading.next();
    controller.abort();
    await expectCode(readStream({ [Symbol.asyncIterator]: () => reading }), 'aborted');
    expect((await readBytes(bucket, key('a'))).byteLength).toBe(bytes.byteLength);
  });

  define('works on after a signal of an ended operation is aborted', async ({ bucket, key }) => {
    const controller = new AbortController();
    await bucket.put(key('a'), textSource('a'), { signal: controller.signal });
    controller.abort();
    expect(await bucket.head(key('a'))).toMatchObject({ size: 1 });
  });
}

function operations(bucket: Bucket, from: ObjectKey, to: ObjectKey, signal: AbortSignal): readonly (() => Promise<unknown>)[] {
  return [
    () => bucket.get(from, { signal }),
    () => bucket.head(from, { signal }),
    () => bucket.put(to, textSource('b'), { signal }),
    () => bucket.delete(from, { signal }),
    () => bucket.deleteMany([from], { signal }),
    () => collect(bucket.list({ signal })),
    ...(bucket.copy ? [() => bucket.copy!(from, to, { signal })] : []),
  ];
}

/** Aborts after half of its bytes. */
function abortingSource(controller: AbortController): ByteSource {
  const half = patternBytes(500_000);
  return {
    size: half.byteLength * 2,
    seekable: true,
    async *open() {
      yield half;
      controller.abort();
      yield half;
    },
  };
}
