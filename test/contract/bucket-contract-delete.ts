import { expect } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { forEachConcurrently } from '../../src/streams/concurrency.ts';
import { type DefineTest, listKeys, readText, textSource } from './bucket-contract-harness.ts';

/** `delete` and `deleteMany`. */
export function defineDeleteTests(define: DefineTest): void {
  define('deletes an object, and one that is not there without an error', async ({ bucket, key, prefix }) => {
    await bucket.put(key('a'), textSource('a'));
    await bucket.delete(key('a'));
    await bucket.delete(key('a'));
    expect(await bucket.head(key('a'))).toBeUndefined();
    expect(await bucket.get(key('a'))).toBeUndefined();
    expect(await listKeys(bucket, { prefix })).toEqual([]);
  });

  define('deletes exactly the key named', async ({ bucket, key, prefix }) => {
    const kept = [key('a-b'), key('a/b'), key('a0'), key('aa')];
    for (const each of kept) await bucket.put(each, textSource(each));
    await bucket.delete(key('a'));
    await bucket.delete(key('a/'));
    expect(await listKeys(bucket, { prefix })).toEqual(kept);
  });

  define('gives a deleted key free for anything', async ({ bucket, key }) => {
    await bucket.put(key('a/b/c'), textSource('deep'));
    await bucket.delete(key('a/b/c'));
    await bucket.put(key('a'), textSource('flat'));
    expect(await readText(bucket, key('a'))).toBe('flat');
    await bucket.delete(key('a'));
    await bucket.put(key('a/b/c'), textSource('deep again'));
    expect(await readText(bucket, key('a/b/c'))).toBe('deep again');
  });

  define('deletes no keys, one, and awkward ones at once', async ({ bucket, key, prefix }) => {
    await bucket.deleteMany([]);
    const keys = [key('sha256:a+b'), key('x & <y>'), key('ünï/"q"'), key('plain')];
    for (const each of keys) await bucket.put(each, textSource(each));
    await bucket.deleteMany([...keys.slice(1), key('missing')]);
    expect(await listKeys(bucket, { prefix })).toEqual([key('sha256:a+b')]);
    await bucket.deleteMany(keys);
    expect(await listKeys(bucket, { prefix })).toEqual([]);
  });

  define('lists 1,100 keys exactly once each, page by page, and deletes them all', async ({ bucket, key, prefix }) => {
    const keys = Array.from({ length: 1100 }, (_, index) => key(`many/${String(index).padStart(4, '0')}`));
    await putAll(bucket, keys);
    expect(await listKeys(bucket, { prefix })).toEqual(keys);
    expect(await listKeys(bucket, { prefix, startAfter: keys[49] })).toEqual(keys.slice(50));
    await bucket.deleteMany(keys);
    expect(await listKeys(bucket, { prefix })).toEqual([]);
  });
}

function putAll(bucket: Bucket, keys: readonly ObjectKey[]): Promise<void> {
  return forEachConcurrently(keys, 16, async (key) => void (await bucket.put(key, textSource('x'))));
}
