import { describe, expect, test } from 'vitest';
import { createVirtualClock } from '../../test/faults/virtual-clock.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket } from '../bucket/decorators/around-bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { formatKey } from '../layout/keys.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { readAll } from '../streams/read-all.ts';
import { type DerivedObject, rebuildDerivedObject } from './derived-object.ts';

const clock = createVirtualClock();
const key = formatKey({ kind: 'catalog' });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A truth that tests change as they like, and the object that is derived from it. */
function createTruth(...names: string[]): { readonly names: Set<string>; readonly object: DerivedObject } {
  const truth = new Set(names);
  const derive = async (): Promise<Uint8Array> => encode([...truth].sort().join());
  return { names: truth, object: { key, derive, headers: () => ({ contentType: 'text/plain' }) } };
}

async function read(bucket: Bucket): Promise<string | undefined> {
  const content = await bucket.get(key);
  return content && new TextDecoder().decode(await readAll(content.body, 1000, 'the object'));
}

/** Another process at the same bucket; `before` runs before each of its puts. */
function openAnother(inner: Bucket, before: (put: number) => Promise<void> = async () => undefined): Bucket & { puts: number } {
  const around = aroundBucket(inner, {
    async call({ name }, run) {
      if (name === 'put') await before(++another.puts);
      return run();
    },
    iterate: (_, open) => open(),
  });
  const another = Object.assign(around, { puts: 0 });
  return another;
}

describe.each(['atomic', 'ignored', 'none'] as const)('where conditions are %s, a derived object', (conditionalPut) => {
  const createBucket = (): Bucket => createMemoryBucket({ clock, abilities: { conditionalPut } });

  test('is made of the truth, and written only when it would say something else', async () => {
    const bucket = openAnother(createBucket());
    const { names, object } = createTruth('a');
    await rebuildDerivedObject(bucket, object, clock);
    await rebuildDerivedObject(bucket, object, clock);
    expect([await read(bucket), bucket.puts]).toEqual(['a', 1]);
    names.add('b');
    await rebuildDerivedObject(bucket, object, clock);
    expect([await read(bucket), bucket.puts]).toEqual(['a,b', 2]);
  });

  test('says what changed while it was written', async () => {
    const inner = createBucket();
    const { names, object } = createTruth('a');
    const slow = openAnother(inner, async (put) => void (put === 1 && names.add('b')));
    await rebuildDerivedObject(slow, object, clock);
    expect(await read(inner)).toBe('a,b');
  });

  test('is right though somebody else writes between the listing and the put', async () => {
    const inner = createBucket();
    const { names, object } = createTruth('a');
    const slow = openAnother(inner, async (put) => {
      if (put > 1) return;
      names.add('b');
      await rebuildDerivedObject(openAnother(inner), object, clock);
    });
    await rebuildDerivedObject(slow, object, clock);
    expect(await read(inner)).toBe('a,b');
  });

  test('is right though the truth changed back meanwhile and the ETag is the old one', async () => {
    const inner = createBucket();
    const { names, object } = createTruth('a', 'b');
    await rebuildDerivedObject(inner, object, clock);
    names.delete('b');
    const slow = openAnother(inner, async (put) => {
      if (put > 1) return;
      names.add('b');
      await rebuildDerivedObject(openAnother(inner), object, clock);
    });
    await rebuildDerivedObject(slow, object, clock);
    expect(await read(inner)).toBe('a,b');
  });

  test('is not made only to say what its absence says', async () => {
    const bucket = createBucket();
    const { names, object } = createTruth();
    const fallback = { ...object, absentBytes: encode('') };
    await rebuildDerivedObject(bucket, fallback, clock);
    expect(await read(bucket)).toBeUndefined();
    names.add('a');
    await rebuildDerivedObject(bucket, fallback, clock);
    names.clear();
    await rebuildDerivedObject(bucket, fallback, clock);
    expect(await read(bucket)).toBe('');
  });

  test('gives up, by name, when the truth never stands still', async () => {
    const { names, object } = createTruth('a');
    const restless = { ...object, derive: async (signal: AbortSignal) => (names.add(`${names.size}`), object.derive(signal)) };
    await expect(rebuildDerivedObject(createBucket(), restless, clock)).rejects.toMatchObject({ code: 'tag-conflict' });
  });

  test('stops when it is aborted', async () => {
    const abort = new AbortController();
    const { object } = createTruth('a');
    const slow = openAnother(createBucket(), async () => abort.abort());
    await expect(rebuildDerivedObject(slow, object, clock, { signal: abort.signal })).rejects.toMatchObject({ code: 'aborted' });
  });
});

test('what the object names is written before it', async () => {
  const bucket = createMemoryBucket({ clock });
  const { object } = createTruth('a');
  const seen: unknown[] = [];
  await rebuildDerivedObject(bucket, { ...object, beforeWrite: async () => void seen.push(await read(bucket)) }, clock);
  expect([seen, await read(bucket)]).toEqual([[undefined], 'a']);
});

test('others that change the object again and again end in tag-conflict, not in a wait for ever', async () => {
  const inner = createMemoryBucket({ clock });
  const { object } = createTruth('a');
  const slow = openAnother(inner, async (put) => void (await inner.put(key, bytesSource(encode(`other ${put}`)))));
  await expect(rebuildDerivedObject(slow, object, clock)).rejects.toMatchObject({ code: 'tag-conflict' });
});
