import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openExchange, outcomeOf, signRequest, textsOf, type ClientRequestOptions, type OpenExchange } from './client.ts';
import { formatParts, startFixture, type Fixture } from './fixture.ts';

const CREATE_ONLY = { 'if-none-match': '*' };
const WRONG = '"00000000000000000000000000000000"';

/** Sends a head, waits until the server has seen it, and leaves the body to the test. */
async function openWrite(
  { server }: Fixture,
  options: Omit<ClientRequestOptions, 'bucket'>,
): Promise<OpenExchange & { finish(): Promise<string> }> {
  const seen = server.requests.length;
  const wire = await signRequest(server, { bucket: 'pub', ...options });
  const exchange = openExchange(server, wire);
  exchange.outgoing.flushHeaders();
  while (server.requests.length === seen) await setImmediate();
  return {
    ...exchange,
    async finish() {
      exchange.outgoing.end(wire.body);
      return outcomeOf(await exchange.answer);
    },
  };
}

describe('racing writers', () => {
  it('of one new key: one wins, and its bytes are what is stored', async () => {
    const fixture = await startFixture();
    const bodies = Array.from({ length: 20 }, (_, n) => `writer ${n}`);
    const outcomes = await Promise.all(bodies.map(async (body) => outcomeOf(await fixture.put('race', body, CREATE_ONLY))));
    expect(outcomes.toSorted()).toEqual(['200', ...Array<string>(19).fill('412 PreconditionFailed')]);
    expect(fixture.server.objects('pub')[0]?.bytes.toString()).toBe(bodies[outcomes.indexOf('200')]);
  });

  it('that increment a counter by If-Match lose no increment', async () => {
    const fixture = await startFixture();
    await fixture.put('counter', '0');
    const increment = async (): Promise<void> => {
      const { headers, text } = await fixture.get('counter');
      const answer = await fixture.put('counter', String(Number(text) + 1), { 'if-match': headers['etag'] ?? '' });
      if (answer.status === 412) await increment();
    };
    await Promise.all(Array.from({ length: 8 }, increment));
    expect(fixture.server.objects('pub')[0]?.bytes.toString()).toBe('8');
  });

  it('by PUT and by Complete: the condition is decided when the body is there, not when the head came', async () => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key');
    const { headers } = await fixture.sendPart('key', uploadId, 1, 'part');
    const body = formatParts([{ number: 1, etag: headers['etag'] ?? '' }]);
    const complete = await openWrite(fixture, { method: 'POST', key: 'key', query: { uploadId }, headers: CREATE_ONLY, body });
    expect(outcomeOf(await fixture.put('key', 'put', CREATE_ONLY))).toBe('200');
    expect(await complete.finish()).toBe('412 PreconditionFailed');
    expect(fixture.server.objects('pub')[0]?.bytes.toString()).toBe('put');
    expect(fixture.server.uploads('pub')).toHaveLength(1);
  });
});

describe('a deletion during a conditional write', () => {
  it('is a conflict for If-None-Match, and another try is not', async () => {
    const fixture = await startFixture();
    await fixture.put('key', 'old');
    const write = await openWrite(fixture, { method: 'PUT', key: 'key', body: 'new', headers: CREATE_ONLY });
    await fixture.send({ method: 'DELETE', key: 'key' });
    expect(await write.finish()).toBe('409 ConditionalRequestConflict');
    expect(fixture.server.objects('pub')).toEqual([]);
    expect(outcomeOf(await fixture.put('key', 'new', CREATE_ONLY))).toBe('200');
  });

  it('leaves If-Match nothing to match', async () => {
    const fixture = await startFixture();
    const etag = (await fixture.put('key', 'old')).headers['etag'] ?? '';
    const write = await openWrite(fixture, { method: 'PUT', key: 'key', body: 'new', headers: { 'if-match': etag } });
    await fixture.send({ method: 'DELETE', key: 'key' });
    expect(await write.finish()).toBe('404 NoSuchKey');
  });

  it('costs a Complete its upload', async () => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key');
    const { headers } = await fixture.sendPart('key', uploadId, 1, 'part');
    await fixture.put('key', 'old');
    const body = formatParts([{ number: 1, etag: headers['etag'] ?? '' }]);
    const complete = await openWrite(fixture, { method: 'POST', key: 'key', query: { uploadId }, headers: CREATE_ONLY, body });
    await fixture.send({ method: 'DELETE', key: 'key' });
    expect(await complete.finish()).toBe('409 ConditionalRequestConflict');
    expect(fixture.server.uploads('pub')).toEqual([]);
  });
});

describe('conditions of a write', () => {
  it.each<[string, Record<string, string>, string]>([
    ['an entity tag for If-None-Match', { 'if-none-match': WRONG }, '501 NotImplemented'],
    ['both at once', { 'if-none-match': '*', 'if-match': WRONG }, '501 NotImplemented'],
    ['another entity tag', { 'if-match': WRONG }, '412 PreconditionFailed'],
  ])('refuse %s, and change nothing', async (_, headers, expected) => {
    const fixture = await startFixture();
    await fixture.put('key', 'old');
    expect(outcomeOf(await fixture.put('key', 'new', headers))).toBe(expected);
    expect((await fixture.get('key')).text).toBe('old');
  });

  it('hold for a deletion too', async () => {
    const fixture = await startFixture();
    const etag = (await fixture.put('key', 'old')).headers['etag'] ?? '';
    const remove = async (ifMatch: string): Promise<string> =>
      outcomeOf(await fixture.send({ method: 'DELETE', key: 'key', headers: { 'if-match': ifMatch } }));
    expect([await remove(WRONG), await remove(etag), await remove(etag), await remove('*')]).toEqual([
      '412 PreconditionFailed',
      '204',
      '404 NoSuchKey',
      '412 PreconditionFailed',
    ]);
  });
});

describe('conditions of a read', () => {
  const before = 'Thu, 01 Jan 2026 00:00:00 GMT';
  const after = 'Sat, 03 Jan 2026 00:00:00 GMT';
  const etag = '"9dd4e461268c8034f5c8564e155c67a6"'; // MD5 of "x"

  it.each<[Record<string, string>, string]>([
    [{ 'if-none-match': etag }, '304'],
    [{ 'if-none-match': `W/${etag}, "b"` }, '304'],
    [{ 'if-none-match': WRONG }, '200'],
    [{ 'if-match': WRONG }, '412 PreconditionFailed'],
    [{ 'if-match': etag, 'if-unmodified-since': before }, '200'],
    [{ 'if-unmodified-since': before }, '412 PreconditionFailed'],
    [{ 'if-modified-since': after }, '304'],
    [{ 'if-modified-since': before }, '200'],
    [{ 'if-none-match': WRONG, 'if-modified-since': after }, '200'],
  ])('%j: %s', async (headers, expected) => {
    const now = Date.UTC(2026, 0, 2);
    const fixture = await startFixture({ now: () => now });
    const signedAt = new Date(now);
    await fixture.send({ method: 'PUT', key: 'key', body: 'x', signedAt });
    const answer = await fixture.send({ method: 'GET', key: 'key', headers, signedAt });
    expect(outcomeOf(answer)).toBe(expected);
    if (expected === '304') expect([answer.headers['etag'], answer.text]).toEqual([etag, '']);
  });
});

describe('conditions on the source of a copy', () => {
  it('keep an object from being copied that is not the one meant', async () => {
    const fixture = await startFixture();
    const etag = (await fixture.put('from')).headers['etag'] ?? '';
    const copy = async (name: string, value: string): Promise<string> => {
      const headers = { 'x-amz-copy-source': '/pub/from', [`x-amz-copy-source-${name}`]: value };
      const answer = await fixture.send({ method: 'PUT', key: 'to', headers });
      return `${outcomeOf(answer)} ${textsOf(answer, 'ETag').join()}`;
    };
    expect(await copy('if-match', WRONG)).toBe('412 PreconditionFailed ');
    expect(await copy('if-none-match', etag)).toBe('412 PreconditionFailed ');
    expect(fixture.server.objects('pub')).toHaveLength(1);
    expect(await copy('if-match', etag)).toBe(`200 ${etag}`);
  });
});
