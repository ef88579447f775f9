import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { type ByteSource, bytesSource } from '../../src/streams/byte-source.ts';
import {
  type DefineTest,
  expectCode,
  listKeys,
  type OpenedBucket,
  patternBytes,
  readBytes,
  readText,
  textSource,
} from './bucket-contract-harness.ts';

/** Names that are hard to spell in a URL, an XML document or a file system. */
const awkwardNames = [
  'sha256:0123',
  'a+b c',
  'ünïcödé/日本語',
  'percent%2Fslash',
  'quote\'"&<>',
  'star*?#[]{}',
  'semi;colon,comma=equals',
  '~tilde!$@()',
  'Case',
  'case',
  'trailing.',
  'back\\slash',
  '.hidden/..twice...',
  'emoji🐄',
];

/** `put`, `copy` and `close`. */
export function defineWriteTests(define: DefineTest, open: () => Promise<OpenedBucket>, maxKeyBytes: number): void {
  define('keeps content type, cache control and metadata', async ({ bucket, key }) => {
    const headers = {
      contentType: 'application/vnd.oci.image.manifest.v1+json',
      cacheControl: 'public, max-age=31536000, immutable, no-transform',
      metadata: { digest: 'sha256:abc', 'other-name': 'some value' },
    };
    await bucket.put(key('a'), textSource('{}'), headers);
    expect(await bucket.head(key('a'))).toMatchObject(headers);
    const content = await bucket.get(key('a'));
    expect(content).toMatchObject(headers);
    for await (const _ of content?.body ?? []);
  });

  define('forgets the headers of the version before', async ({ bucket, key }) => {
    await bucket.put(key('a'), textSource('one'), { contentType: 'text/one', cacheControl: 'no-cache', metadata: { one: '1' } });
    await bucket.put(key('a'), textSource('two'), { contentType: 'text/two' });
    const info = await bucket.head(key('a'));
    expect(info).toMatchObject({ contentType: 'text/two', metadata: {} });
    expect(info?.cacheControl).toBeUndefined();
    expect(info?.metadata).toEqual({});
  });

  define('holds an object of no bytes', async ({ bucket, key }) => {
    await bucket.put(key('empty'), bytesSource(new Uint8Array()), { contentType: 'application/json' });
    expect(await bucket.head(key('empty'))).toMatchObject({ size: 0, contentType: 'application/json' });
    expect((await readBytes(bucket, key('empty'))).byteLength).toBe(0);
  });

  define('holds an empty object under a key that ends in a slash, beside keys below it', async ({ bucket, key, prefix }) => {
    await bucket.put(key('v2/'), bytesSource(new Uint8Array()), { contentType: 'application/json' });
    await bucket.put(key('v2/x'), textSource('x'));
    expect(await bucket.head(key('v2/'))).toMatchObject({ size: 0, contentType: 'application/json' });
    expect(await bucket.head(key('v2'))).toBeUndefined();
    expect(await readText(bucket, key('v2/x'))).toBe('x');
    expect(await listKeys(bucket, { prefix })).toEqual([key('v2/'), key('v2/x')]);
    await bucket.delete(key('v2/'));
    expect(await bucket.head(key('v2/'))).toBeUndefined();
    expect(await readText(bucket, key('v2/x'))).toBe('x');
  });

  for (const name of awkwardNames) {
    define(`holds a key such as ${JSON.stringify(name)}`, async ({ bucket, key, prefix }) => {
      await bucket.put(key(name), textSource(name));
      expect(await readText(bucket, key(name))).toBe(name);
      expect(await listKeys(bucket, { prefix })).toEqual([key(name)]);
      await bucket.delete(key(name));
      expect(await bucket.head(key(name))).toBeUndefined();
    });
  }

  define('holds names that differ in case, or in composition, as different keys', async ({ bucket, key, prefix }) => {
    const names = ['Tag', 'tag', 'TAG', 'caf\u00e9', 'cafe\u0301'];
    for (const name of names) await bucket.put(key(name), textSource(name));
    for (const name of names) expect(await readText(bucket, key(name))).toBe(name);
    expect(await listKeys(bucket, { prefix })).toHaveLength(names.length);
  });

  define('holds a key of the greatest length', async ({ bucket, prefix }) => {
    const long = toObjectKey(`${prefix}${`${'x'.repeat(99)}/`.repeat(9)}${'y'.repeat(maxKeyBytes - prefix.length - 900)}`);
    expect(Buffer.byteLength(long)).toBe(maxKeyBytes);
    await bucket.put(long, textSource('long'));
    expect(await readText(bucket, long)).toBe('long');
    expect(await listKeys(bucket, { prefix })).toEqual([long]);
  });

  define('holds a name of more than 255 bytes between two slashes', async ({ bucket, key, prefix }) => {
    const long = key(`${'x'.repeat(300)}/${'ü'.repeat(200)}`);
    await bucket.put(long, textSource('long'));
    expect(await readText(bucket, long)).toBe('long');
    expect(await listKeys(bucket, { prefix })).toEqual([long]);
    await bucket.delete(long);
    expect(await listKeys(bucket, { prefix })).toEqual([]);
  });

  define('replaces an object', async ({ bucket, key }) => {
    const first = await bucket.put(key('a'), textSource('a longer first version'));
    const second = await bucket.put(key('a'), textSource('second'));
    expect(second.etag).not.toBe(first.etag);
    expect(await readText(bucket, key('a'))).toBe('second');
    expect(await bucket.head(key('a'))).toMatchObject({ size: 6, etag: second.etag });
  });

  define('accepts bytes with their SHA-256 and refuses others', async ({ bucket, key }) => {
    const bytes = patternBytes(10_000);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await bucket.put(key('right'), bytesSource(bytes), { sha256 });
    expect(await bucket.head(key('right'))).toMatchObject({ size: 10_000 });
    await expectCode(bucket.put(key('wrong'), bytesSource(patternBytes(10_000, 2)), { sha256 }), 'checksum-mismatch');
    expect(await bucket.head(key('wrong'))).toBeUndefined();
  });

  define('writes nothing when the body fails or ends early', async ({ bucket, key }) => {
    await expect(bucket.put(key('failing'), failingSource())).rejects.toThrow();
    expect(await bucket.head(key('failing'))).toBeUndefined();
    await expect(bucket.put(key('short'), { ...textSource('short'), size: 10 })).rejects.toThrow();
    expect(await bucket.head(key('short'))).toBeUndefined();
  });

  define('copies an object with the headers given', async ({ bucket, key, need }) => {
    need(bucket.copy !== undefined, 'copy');
    const [from, to] = [key('from:a+b ü'), key('to/sha256:x')];
    await bucket.put(from, textSource('copied'), { contentType: 'text/old', metadata: { old: '1' } });
    const { etag } = await bucket.copy!(from, to, { contentType: 'text/new', cacheControl: 'no-cache', metadata: { new: '2' } });
    expect(await readText(bucket, to)).toBe('copied');
    const info = await bucket.head(to);
    expect(info).toMatchObject({ size: 6, etag, contentType: 'text/new', cacheControl: 'no-cache' });
    expect(info?.metadata).toEqual({ new: '2' });
    expect(await bucket.head(from)).toMatchObject({ contentType: 'text/old' });
  });

  define('keeps a copy when its origin is deleted', async ({ bucket, key, need }) => {
    need(bucket.copy !== undefined, 'copy');
    await bucket.put(key('from'), textSource('copied'));
    await bucket.copy?.(key('from'), key('to'));
    await bucket.delete(key('from'));
    expect(await readText(bucket, key('to'))).toBe('copied');
  });

  define('cannot copy what is not there', async ({ bucket, key, need }) => {
    need(bucket.copy !== undefined, 'copy');
    await expectCode(bucket.copy!(key('missing'), key('to')), 'object-missing');
    expect(await bucket.head(key('to'))).toBeUndefined();
  });

  define('closes without waiting for anything', async () => {
    const { bucket, cleanup } = await open();
    await bucket.put(toObjectKey('closing'), textSource('x'));
    await bucket.close();
    await cleanup();
  });
}

function failingSource(): ByteSource {
  return {
    size: 10,
    seekable: true,
    async *open() {
      yield new Uint8Array(5);
      throw new Error('the source broke');
    },
  };
}
