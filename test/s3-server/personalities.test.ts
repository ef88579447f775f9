import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outcomeOf, textsOf, type ClientAnswer } from './client.ts';
import { MIB, startFixture, type Fixture } from './fixture.ts';
import { compareKeys } from './listing.ts';
import { PERSONALITIES, type PersonalityName } from './personalities.ts';
import type { S3ServerOptions } from './server.ts';

interface TimedFixture extends Fixture {
  /** Milliseconds since the test began, which the server goes by. */
  readonly clock: { nowMs: number };
}

/** A fixture on a clock of its own, so that waiting costs nothing. */
async function startTimed(options: S3ServerOptions): Promise<TimedFixture> {
  const startMs = Date.now();
  const clock = { nowMs: 0 };
  return { ...(await startFixture({ now: () => startMs + clock.nowMs, ...options })), clock };
}

const anonymous = (fixture: Fixture, method: string, key: string): Promise<ClientAnswer> => fixture.send({ method, key, auth: 'none' });

describe('a missing key of a public bucket', () => {
  it.each<[PersonalityName, string, number]>([
    ['aws', '403 AccessDenied', 403],
    ['r2', '404 NoSuchKey', 404],
    ['no-conditions', '404 NoSuchKey', 404],
    ['ignores-conditions', '404 NoSuchKey', 404],
  ])('is answered by %s with %s', async (personality, got, head) => {
    const fixture = await startFixture({ personality, publicBuckets: ['pub'] });
    await fixture.put('there');
    expect(outcomeOf(await anonymous(fixture, 'GET', 'there'))).toBe('200');
    expect(outcomeOf(await anonymous(fixture, 'GET', 'missing'))).toBe(got);
    expect((await anonymous(fixture, 'HEAD', 'missing')).status).toBe(head);
    expect(outcomeOf(await fixture.get('missing'))).toBe('404 NoSuchKey');
  });
});

describe('conditional writes', () => {
  const CREATE_ONLY = { 'if-none-match': '*' };

  async function writeTwice(fixture: Fixture, write: 'put' | 'complete' | 'copy'): Promise<string[]> {
    await fixture.put('source');
    const outcomes: string[] = [];
    for (let n = 0; n < 2; n++) {
      if (write === 'complete') {
        const uploadId = await fixture.begin('key');
        const { headers } = await fixture.sendPart('key', uploadId, 1, 'x');
        outcomes.push(outcomeOf(await fixture.complete('key', uploadId, [{ number: 1, etag: headers['etag'] ?? '' }], CREATE_ONLY)));
      } else {
        const source = write === 'copy' ? { 'x-amz-copy-source': '/pub/source' } : {};
        outcomes.push(outcomeOf(await fixture.put('key', write === 'copy' ? '' : 'x', { ...source, ...CREATE_ONLY })));
      }
    }
    return outcomes;
  }

  const EXPECTED = {
    aws: ['200', '412 PreconditionFailed'],
    'no-conditions': ['501 NotImplemented', '501 NotImplemented'],
    'ignores-conditions': ['200', '200'],
  } as const;
  const cases = (['aws', 'no-conditions', 'ignores-conditions'] as const).flatMap((name) =>
    (['put', 'complete', 'copy'] as const).map((write) => [name, write] as const),
  );

  it.each(cases)('of %s, by %s', async (personality, write) => {
    expect(await writeTwice(await startFixture({ personality }), write)).toEqual(EXPECTED[personality]);
  });

  it.each(['no-conditions', 'ignores-conditions'] as const)('leave %s the conditions of reads', async (personality) => {
    const fixture = await startFixture({ personality });
    const etag = (await fixture.put('key')).headers['etag'] ?? '';
    expect(outcomeOf(await fixture.get('key', { 'if-none-match': etag }))).toBe('304');
  });
});

describe('r2', () => {
  it('takes one write a second of a key, by PUT, copy and Complete', async () => {
    const fixture = await startTimed({ personality: 'r2' });
    const { clock } = fixture;
    await fixture.put('other');
    const uploadId = await fixture.begin('key');
    const { headers } = await fixture.sendPart('key', uploadId, 1, 'x');
    const parts = [{ number: 1, etag: headers['etag'] ?? '' }];
    const copySource = { 'x-amz-copy-source': '/pub/other' };
    expect(outcomeOf(await fixture.put('key'))).toBe('200');
    clock.nowMs = 999;
    expect(outcomeOf(await fixture.put('key'))).toBe('429 TooManyRequests');
    expect(outcomeOf(await fixture.put('key', '', copySource))).toBe('429 TooManyRequests');
    expect(outcomeOf(await fixture.complete('key', uploadId, parts))).toBe('429 TooManyRequests');
    expect(outcomeOf(await fixture.put('another'))).toBe('200');
    clock.nowMs = 1000;
    expect(outcomeOf(await fixture.complete('key', uploadId, parts))).toBe('200');
    clock.nowMs = 2000;
    expect(outcomeOf(await fixture.put('key', '', copySource))).toBe('200');
  });

  it.each<[string, number[], string]>([
    ['equal parts and a smaller one', [6, 6, 1], '200'],
    ['equal parts', [6, 6], '200'],
    ['one part', [1], '200'],
    ['a smaller part before the last', [6, 5, 6], '400 InvalidPart'],
    ['a last part that is larger', [5, 6], '400 InvalidPart'],
  ])('wants parts of one size: %s', async (_, sizes, expected) => {
    const fixture = await startFixture({ personality: 'r2' });
    const uploadId = await fixture.begin('key');
    const parts = await Promise.all(
      sizes.map(async (size, index) => {
        const { headers } = await fixture.sendPart('key', uploadId, index + 1, Buffer.alloc(size * MIB));
        return { number: index + 1, etag: headers['etag'] ?? '' };
      }),
    );
    expect(outcomeOf(await fixture.complete('key', uploadId, parts))).toBe(expected);
  });

  it.each(['policy', 'publicAccessBlock'])('has no %s', async (name) => {
    const fixture = await startFixture({ personality: 'r2' });
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect(outcomeOf(await fixture.send({ method, query: { [name]: '' } }))).toBe('501 NotImplemented');
    }
  });

  it('has no ACLs, and takes the region "auto"', async () => {
    const fixture = await startFixture({ personality: 'r2' });
    expect(outcomeOf(await fixture.put('key', 'x', { 'x-amz-acl': 'public-read' }))).toBe('501 NotImplemented');
    expect(outcomeOf(await fixture.send({ method: 'PUT', key: 'key', region: 'auto' }))).toBe('200');
  });
});

describe('unordered-listing', () => {
  const KEYS = ['a-b', 'a.b', 'a/1', 'a/2', 'a0', 'b'];

  it('lists what is below a key first, and in pages the same', async () => {
    const fixture = await startFixture({ personality: 'unordered-listing' });
    for (const key of KEYS) await fixture.put(key);
    const expected = ['a/1', 'a/2', 'a-b', 'a.b', 'a0', 'b'];
    expect(textsOf(await fixture.list(), 'Key')).toEqual(expected);
    const found: string[] = [];
    let query: Record<string, string> | undefined = {};
    while (query) {
      const page: ClientAnswer = await fixture.list({ 'max-keys': '1', ...query });
      found.push(...textsOf(page, 'Key'));
      const [token] = textsOf(page, 'NextContinuationToken');
      query = token === undefined ? undefined : { 'continuation-token': token };
    }
    expect(found).toEqual(expected);
  });

  it('has an order nonetheless', () => {
    const key = fc.string({ unit: fc.constantFrom('a', '/', '-', '\u{1f600}', '\uff5e'), maxLength: 6 });
    fc.assert(
      fc.property(key, key, key, (a, b, c) => {
        for (const order of ['utf-8', 'slash-first'] as const) {
          expect(compareKeys(a, b, order)).toBe(-compareKeys(b, a, order) || 0);
          if (compareKeys(a, b, order) <= 0 && compareKeys(b, c, order) <= 0) expect(compareKeys(a, c, order)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});

describe('slow-list', () => {
  it('lists what there was two seconds ago, and reads what there is', async () => {
    const fixture = await startTimed({ personality: 'slow-list' });
    const { clock } = fixture;
    const keysAt = async (nowMs: number): Promise<string[]> => {
      clock.nowMs = nowMs;
      return textsOf(await fixture.list(), 'Key');
    };
    await fixture.put('a');
    clock.nowMs = 1000;
    await fixture.put('b');
    await fixture.send({ method: 'DELETE', key: 'a' });
    expect(outcomeOf(await fixture.get('b'))).toBe('200');
    expect(outcomeOf(await fixture.get('a'))).toBe('404 NoSuchKey');
    expect([await keysAt(1999), await keysAt(2000), await keysAt(2999), await keysAt(3000)]).toEqual([[], ['a'], ['a'], ['b']]);
  });
});

describe('opaque-etags', () => {
  it('gives ETags that look like an MD5 and are none, and others for the same bytes', async () => {
    const fixture = await startFixture({ personality: 'opaque-etags' });
    const uploadId = await fixture.begin('key');
    const sent = [await fixture.put('a'), await fixture.put('a'), await fixture.sendPart('key', uploadId, 1, 'x')];
    const etags = sent.map(({ headers }) => headers['etag'] ?? '');
    for (const etag of etags) expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(new Set([...etags, '"9dd4e461268c8034f5c8564e155c67a6"']).size).toBe(4);
    expect(outcomeOf(await fixture.complete('key', uploadId, [{ number: 1, etag: etags[2] ?? '' }]))).toBe('200');
  });
});

describe('exact-upload-keys', () => {
  it('tells uploads of a key, and none of those below a prefix', async () => {
    const fixture = await startFixture({ personality: 'exact-upload-keys' });
    await fixture.begin('a/key');
    const keysBelow = async (prefix: string): Promise<string[]> =>
      textsOf(await fixture.send({ method: 'GET', query: { uploads: '', prefix } }), 'Key');
    expect([await keysBelow('a/key'), await keysBelow('a/'), await keysBelow('')]).toEqual([['a/key'], [], []]);
  });
});

describe('a personality', () => {
  it('can be a table of one’s own', async () => {
    const fixture = await startFixture({ personality: { ...PERSONALITIES.aws, lacks: ['DeleteObject'] } });
    expect(outcomeOf(await fixture.send({ method: 'DELETE', key: 'a' }))).toBe('501 NotImplemented');
  });
});
