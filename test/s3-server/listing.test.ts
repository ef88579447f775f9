import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf, textsOf, type ClientAnswer } from './client.ts';
import { startFixture } from './fixture.ts';
import { compareKeys, takePage, type Page } from './listing.ts';

const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '\u{1f600}', '\uff5e'), minLength: 1, maxLength: 6 });

/** Every entry and common prefix, gathered page by page. */
function takeAll(keys: readonly string[], prefix: string, delimiter: string, maxCount: number): string[] {
  const told: string[] = [];
  let position: { after: string; toldPrefix: string | undefined } | undefined = { after: '', toldPrefix: undefined };
  while (position) {
    const { after, toldPrefix }: { after: string; toldPrefix: string | undefined } = position;
    const entries = keys.filter((one) => compareKeys(one, after) > 0);
    const page: Page<string> = takePage({ entries, keyOf: (one) => one, prefix, delimiter, toldPrefix, maxCount });
    told.push(...[...page.entries, ...page.prefixes].toSorted(compareBytes));
    const { last } = page;
    position = last === undefined ? undefined : { after: last, toldPrefix: page.prefixes.includes(last) ? last : undefined };
  }
  return told;
}

const compareBytes = (a: string, b: string): number => compareKeys(a, b);

describe('pages', () => {
  it('together tell everything once, in order, whatever their size', () => {
    const keys = fc.uniqueArray(key, { maxLength: 30 }).map((all) => all.toSorted(compareBytes));
    const options = [keys, fc.constantFrom('', 'a', 'a/'), fc.constantFrom('', '/', '-a'), fc.integer({ min: 1, max: 5 })] as const;
    fc.assert(
      fc.property(...options, (all, prefix, delimiter, maxCount) => {
        const below = all.filter((one) => one.startsWith(prefix));
        const shorten = (one: string): string => {
          const end = delimiter === '' ? -1 : one.indexOf(delimiter, prefix.length);
          return end < 0 ? one : one.slice(0, end + delimiter.length);
        };
        expect(takeAll(all, prefix, delimiter, maxCount)).toEqual([...new Set(below.map(shorten))]);
      }),
    );
  });
});

describe('ListObjectsV2', () => {
  const KEYS = ['a', 'b/1', 'b/2', 'b c', 'ü', '\uff5e', '\u{1f600}'];

  it('sorts by UTF-8 bytes, not as JavaScript does', async () => {
    const fixture = await startFixture();
    for (const name of KEYS.toReversed()) await fixture.put(name);
    expect(textsOf(await fixture.list(), 'Key')).toEqual(['a', 'b c', 'b/1', 'b/2', 'ü', '\uff5e', '\u{1f600}']);
    expect(textsOf(await fixture.list({ 'encoding-type': 'url', prefix: 'b' }), 'Key')).toEqual(['b+c', 'b/1', 'b/2']);
  });

  it('counts a common prefix as one key, and tells it once', async () => {
    const fixture = await startFixture();
    for (const name of ['a', 'b/1', 'b/2', 'c']) await fixture.put(name);
    const first = await fixture.list({ delimiter: '/', 'max-keys': '2' });
    expect([textsOf(first, 'KeyCount'), textsOf(first, 'Key'), textsOf(first, 'IsTruncated')]).toEqual([['2'], ['a'], ['true']]);
    const [token = ''] = textsOf(first, 'NextContinuationToken');
    const rest = await fixture.list({ delimiter: '/', 'continuation-token': token });
    expect([textsOf(rest, 'Key'), textsOf(rest, 'CommonPrefixes'), textsOf(rest, 'IsTruncated')]).toEqual([['c'], [], ['false']]);
  });

  it('says size, entity tag, time and checksum of each', async () => {
    const fixture = await startFixture();
    await fixture.put('a', 'x', { 'x-amz-checksum-crc32': 'jNwWgw==' });
    const list: ClientAnswer = await fixture.list();
    expect(['Size', 'ETag', 'ChecksumAlgorithm'].map((name) => textsOf(list, name)[0])).toEqual([
      '1',
      '"9dd4e461268c8034f5c8564e155c67a6"',
      'CRC32',
    ]);
    expect(Date.parse(textsOf(list, 'LastModified')[0] ?? '')).toBeGreaterThan(0);
  });

  it.each<[Record<string, string>, string]>([
    [{ 'max-keys': '-1' }, '400 InvalidArgument'],
    [{ 'max-keys': 'all' }, '400 InvalidArgument'],
    [{ 'continuation-token': 'guess' }, '400 InvalidArgument'],
    [{ 'continuation-token': '' }, '400 InvalidArgument'],
    [{ 'encoding-type': 'base64' }, '400 InvalidArgument'],
    [{ 'list-type': '3' }, '400 InvalidArgument'],
    [{ 'max-keys': '0' }, '200'],
    [{ 'max-keys': '5000' }, '200'],
  ])('of %j: %s', async (query, expected) => {
    const fixture = await startFixture();
    await fixture.put('a');
    expect(outcomeOf(await fixture.list(query))).toBe(expected);
  });

  it('writes control characters as references, which no XML reader takes: ask for encoding-type=url', async () => {
    const fixture = await startFixture();
    await fixture.put('a\u0001');
    expect((await fixture.list()).text).toContain('<Key>a&#x1;</Key>');
    expect(textsOf(await fixture.list({ 'encoding-type': 'url' }), 'Key')).toEqual(['a%01']);
  });
});
