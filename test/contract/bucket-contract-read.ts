import { expect } from 'vitest';
import type { GetOptions } from '../../src/bucket/bucket.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import {
  type ContractRun,
  type DefineTest,
  expectCode,
  patternBytes,
  readBytes,
  readStream,
  textSource,
} from './bucket-contract-harness.ts';

/** `get` and `head`. */
export function defineReadTests(define: DefineTest): void {
  define('gives the bytes that were put', async ({ bucket, key }) => {
    const bytes = patternBytes(300_000);
    await bucket.put(key('a'), bytesSource(bytes));
    const content = await bucket.get(key('a'));
    expect(content).toMatchObject({ key: key('a'), size: 300_000, contentLength: 300_000, start: 0 });
    expect(Buffer.from(await readBytes(bucket, key('a'))).equals(bytes)).toBe(true);
    await content?.body[Symbol.asyncIterator]().return?.();
  });

  define('knows nothing of a missing key', async ({ bucket, key }) => {
    expect(await bucket.get(key('missing'))).toBeUndefined();
    expect(await bucket.head(key('missing'))).toBeUndefined();
    expect(await bucket.get(key('missing'), { range: { start: 0, end: 4 } })).toBeUndefined();
  });

  define('says of an object what it said of the put', async ({ bucket, key }) => {
    const before = Date.now();
    const { etag } = await bucket.put(key('a'), textSource('hello'));
    const info = await bucket.head(key('a'));
    expect(info).toMatchObject({ key: key('a'), size: 5, etag });
    expect(etag).toMatch(/^"[^"]+"$/);
    expect(Math.abs(Number(info?.lastModified) - before)).toBeLessThan(60_000);
  });

  define('reads ranges', async (run) => {
    await run.bucket.put(run.key('a'), textSource('0123456789'));
    expect(await readRange(run, { start: 2, end: 5 })).toBe('234');
    expect(await readRange(run, { start: 0, end: 1 })).toBe('0');
    expect(await readRange(run, { start: 7 })).toBe('789');
    expect(await readRange(run, { start: 7, end: 400 })).toBe('789');
    expect(await readRange(run, { start: 0 })).toBe('0123456789');
  });

  define('says where a range lies', async ({ bucket, key }) => {
    await bucket.put(key('a'), textSource('0123456789'));
    const content = await bucket.get(key('a'), { range: { start: 2, end: 5 } });
    expect([
      { size: 10, start: 2, contentLength: 3 },
      { size: 10, start: 0, contentLength: 10 },
    ]).toContainEqual({ size: content?.size, start: content?.start, contentLength: content?.contentLength });
    if (content) await readStream(content.body);
  });

  define('refuses a range that begins past the end, unless the store knows no ranges', async ({ bucket, key }) => {
    await bucket.put(key('a'), textSource('0123456789'));
    const whole = await bucket.get(key('a'), { range: { start: 2, end: 5 } });
    const knowsRanges = whole && (await readStream(whole.body)).byteLength === 3;
    for (const range of [{ start: 10 }, { start: 400, end: 500 }]) {
      const reading = bucket.get(key('a'), { range });
      if (knowsRanges) await expectCode(reading, 'range-invalid');
      else expect(await reading).toMatchObject({ start: 0, contentLength: 10 });
    }
  });

  define('reads only the version asked for', async ({ bucket, key }) => {
    const first = await bucket.put(key('a'), textSource('first'));
    const read = await bucket.get(key('a'), { ifMatch: first.etag });
    expect(read && new TextDecoder().decode(await readStream(read.body))).toBe('first');
    await bucket.put(key('a'), textSource('second'));
    await expectCode(bucket.get(key('a'), { ifMatch: first.etag }), 'precondition-failed');
  });

  define('lets a reader leave early and goes on working', async ({ bucket, key }) => {
    await bucket.put(key('a'), bytesSource(patternBytes(2_000_000)));
    for (let round = 0; round < 20; round++) {
      const content = await bucket.get(key('a'));
      for await (const _ of content?.body ?? []) break;
    }
    expect((await readBytes(bucket, key('a'))).byteLength).toBe(2_000_000);
  });

  define('never mixes two versions while a reader reads', async ({ bucket, key }) => {
    const [before, after] = [patternBytes(3_000_000, 1), patternBytes(3_000_000, 2)];
    await bucket.put(key('a'), bytesSource(before));
    const content = await bucket.get(key('a'));
    const reading = content!.body[Symbol.asyncIterator]();
    const head = await reading.next();
    await bucket.put(key('a'), bytesSource(after));
    const chunks: Uint8Array[] = [head.value];
    const failed = await readRest(reading, chunks).then(
      () => false,
      () => true,
    );
    const read = Buffer.concat(chunks);
    expect(read.equals(before.subarray(0, read.byteLength))).toBe(true);
    expect(failed || read.byteLength === before.byteLength).toBe(true);
    expect(Buffer.from(await readBytes(bucket, key('a'))).equals(after)).toBe(true);
  });
}

async function readRest(reading: AsyncIterator<Uint8Array>, chunks: Uint8Array[]): Promise<void> {
  for (;;) {
    const next = await reading.next();
    if (next.done) return;
    chunks.push(next.value);
  }
}

/** A range as a caller reads it who allows for stores that ignore ranges. */
async function readRange(
  { bucket, key }: ContractRun,
  range: NonNullable<GetOptions['range']>,
  name: ObjectKey = key('a'),
): Promise<string> {
  const content = await bucket.get(name, { range });
  if (!content) throw new Error(`"${name}" is missing`);
  const bytes = await readStream(content.body);
  expect(bytes.byteLength).toBe(content.contentLength);
  const skipped = range.start - content.start;
  return new TextDecoder().decode(bytes.subarray(skipped, range.end === undefined ? undefined : skipped + range.end - range.start));
}
