import { expect } from 'vitest';
import { collect, type ContractRun, type DefineTest, listKeys, textSource } from './bucket-contract-harness.ts';

const names = ['a', 'a-b', 'a.b/1', 'ab/1', 'ab/2', 'ab/c/3', 'ab/c/4', 'b/sha256:1', 'b/sha256:2', 'bé', 'c'];

/** `list`. */
export function defineListTests(define: DefineTest): void {
  define('lists every key below a prefix exactly once, with size and time', async (run) => {
    await putNames(run);
    expect(await listKeys(run.bucket, { prefix: run.prefix })).toEqual(names.map(run.key));
    for await (const entry of run.bucket.list({ prefix: run.prefix })) {
      if (entry.kind !== 'object') throw new Error('Wanted objects only');
      expect(entry.size).toBe(entry.key.length - run.prefix.length);
      expect(Math.abs(entry.lastModified.getTime() - Date.now())).toBeLessThan(60_000);
      const info = await run.bucket.head(entry.key);
      expect(entry.etag ?? info?.etag).toBe(info?.etag);
    }
  });

  define('lists by a prefix that does not end at a slash', async (run) => {
    await putNames(run);
    expect(await listKeys(run.bucket, { prefix: run.key('a') })).toEqual(names.slice(0, 7).map(run.key));
    expect(await listKeys(run.bucket, { prefix: run.key('b/sha256:') })).toEqual([run.key('b/sha256:1'), run.key('b/sha256:2')]);
    expect(await listKeys(run.bucket, { prefix: run.key('ab/c/3') })).toEqual([run.key('ab/c/3')]);
    expect(await listKeys(run.bucket, { prefix: run.key('bé') })).toEqual([run.key('bé')]);
  });

  define('lists nothing where nothing is', async (run) => {
    await putNames(run);
    expect(await listKeys(run.bucket, { prefix: run.key('nothing/here') })).toEqual([]);
    expect(await listKeys(run.bucket, { prefix: run.key('a/') })).toEqual([]);
    expect(await listKeys(run.bucket, { prefix: run.key('a/'), delimiter: '/' })).toEqual([]);
  });

  define('folds what follows a slash', async (run) => {
    await putNames(run);
    const entries = await collect(run.bucket.list({ prefix: run.prefix, delimiter: '/' }));
    const [objects, prefixes] = [entries.filter((entry) => entry.kind === 'object'), entries.filter((entry) => entry.kind === 'prefix')];
    expect(objects.map((entry) => entry.key).sort()).toEqual(['a', 'a-b', 'bé', 'c'].map(run.key).sort());
    expect(prefixes.map((entry) => entry.prefix).sort()).toEqual(['a.b/', 'ab/', 'b/'].map(run.key));
  });

  define('folds below a prefix that does not end at a slash', async (run) => {
    await putNames(run);
    expect(await listKeys(run.bucket, { prefix: run.key('ab'), delimiter: '/' })).toEqual([run.key('ab/')]);
    expect(await listKeys(run.bucket, { prefix: run.key('ab/'), delimiter: '/' })).toEqual(['ab/1', 'ab/2', 'ab/c/'].map(run.key));
    expect(await listKeys(run.bucket, { prefix: run.key('ab/c'), delimiter: '/' })).toEqual([run.key('ab/c/')]);
  });

  define('shows no folder that has become empty', async (run) => {
    await run.bucket.put(run.key('deep/er/a'), textSource('a'));
    await run.bucket.put(run.key('kept/a'), textSource('a'));
    await run.bucket.delete(run.key('deep/er/a'));
    expect(await listKeys(run.bucket, { prefix: run.prefix, delimiter: '/' })).toEqual([run.key('kept/')]);
  });

  define('starts after a key, there or not', async (run) => {
    await putNames(run);
    const after = (name: string): Promise<string[]> => listKeys(run.bucket, { prefix: run.prefix, startAfter: run.prefix + name });
    expect(await after('ab/2')).toEqual(names.slice(5).map(run.key));
    expect(await after('ab/2x')).toEqual(names.slice(5).map(run.key));
    expect(await after('ab/c')).toEqual(names.slice(5).map(run.key));
    expect(await after('a')).toEqual(names.slice(1).map(run.key));
    expect(await after('c')).toEqual([]);
  });

  define('can be left before its end', async (run) => {
    await putNames(run);
    for await (const entry of run.bucket.list({ prefix: run.prefix })) {
      expect(entry.kind).toBe('object');
      break;
    }
    expect(await listKeys(run.bucket, { prefix: run.prefix })).toHaveLength(names.length);
  });

  define('lists an object whose key is a folder of others', async (run) => {
    const keys = ['x', 'x/y', 'x/y/z'].map(run.key);
    for (const key of keys) await run.bucket.put(key, textSource(key));
    expect(await listKeys(run.bucket, { prefix: run.prefix })).toEqual(keys);
    await run.bucket.delete(run.key('x/y'));
    expect(await listKeys(run.bucket, { prefix: run.prefix })).toEqual([run.key('x'), run.key('x/y/z')]);
  });
}

async function putNames({ bucket, key }: ContractRun): Promise<void> {
  for (const name of names) await bucket.put(key(name), textSource('x'.repeat(name.length)));
}
