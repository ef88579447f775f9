import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openExchange, outcomeOf, signRequest, textsOf, type ClientAnswer } from './client.ts';
import { actsUnder, FAULT_MODES, type FaultMode } from './faults.ts';
import { startFixture, type Fixture } from './fixture.ts';

const BODY = Buffer.alloc(100_000, 'body');

/** What a client sees of a request: the outcome and how many bytes of a body, or the code of the failure. */
async function observe(answer: Promise<ClientAnswer>): Promise<string> {
  return answer.then(
    (got) => `${outcomeOf(got)}, ${got.body.length} bytes`,
    (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
  );
}

interface RawAnswer {
  bytes: number;
  announced: string;
  /** `reset` by an RST, `cut` by an end before its time. */
  ending: 'whole' | 'cut' | 'reset';
}

/** A GET as it comes off the wire. */
async function observeRaw({ server }: Fixture, key: string): Promise<RawAnswer> {
  const wire = await signRequest(server, { method: 'GET', bucket: 'pub', key });
  const { outgoing, answer } = openExchange(server, wire);
  const seen: RawAnswer = { bytes: 0, announced: '', ending: 'whole' };
  outgoing.on('response', (incoming) => {
    seen.announced = incoming.headers['content-length'] ?? '';
    incoming.on('data', (chunk: Buffer) => (seen.bytes += chunk.length));
    incoming.on('error', () => (seen.ending = seen.ending === 'whole' ? 'cut' : seen.ending));
  });
  outgoing.on('error', () => (seen.ending = 'reset')).end();
  const closed = once(outgoing, 'close');
  await Promise.allSettled([answer, closed]);
  return seen;
}

describe('every fault', () => {
  const SEEN_BY_PUT: Readonly<Record<FaultMode, string>> = {
    'error-500': '500 InternalError',
    'slow-down-503': '503 SlowDown',
    'reset-before': 'ECONNRESET',
    'reset-within': 'ECONNRESET',
    'reset-after': 'ECONNRESET',
    'short-body': 'ECONNRESET',
    stall: 'ECONNRESET',
    'error-in-200': '500 InternalError',
  };

  it.each(FAULT_MODES)('%s: a PUT sees it, and is acted on only where the mode says so', async (mode) => {
    const fixture = await startFixture();
    const fault = fixture.server.inject({ at: 1, mode });
    const wire = await signRequest(fixture.server, { method: 'PUT', bucket: 'pub', key: 'key', body: BODY });
    const { outgoing, answer } = openExchange(fixture.server, wire);
    outgoing.end(wire.body);
    const seen = observe(answer);
    if (mode === 'stall') {
      expect(await Promise.race([seen, sleep(100, 'no answer')])).toBe('no answer');
      outgoing.destroy();
    }
    expect((await seen).split(',')[0]).toBe(SEEN_BY_PUT[mode]);
    expect(fault.hasFired).toBe(true);
    expect(fixture.server.requests[0]?.fault).toBe(mode);
    expect(fixture.server.objects('pub').map(({ key }) => key)).toEqual(actsUnder(fault.fault) ? ['key'] : []);
    expect((await fixture.put('key', BODY)).status).toBe(200);
  });

  it('reset-within sends half of a body, then resets the connection', async () => {
    const fixture = await startFixture();
    await fixture.put('key', BODY);
    fixture.server.inject({ at: 1, mode: 'reset-within' });
    expect(await observeRaw(fixture, 'key')).toEqual({ bytes: BODY.length / 2, announced: '100000', ending: 'reset' });
  });

  it('short-body announces the whole length, sends half and closes', async () => {
    const fixture = await startFixture();
    await fixture.put('key', BODY);
    fixture.server.inject({ at: 1, mode: 'short-body' });
    expect(await observeRaw(fixture, 'key')).toEqual({ bytes: BODY.length / 2, announced: '100000', ending: 'cut' });
  });

  it('reset-before does not wait for the body', async () => {
    const fixture = await startFixture();
    fixture.server.inject({ at: 1, mode: 'reset-before' });
    const wire = await signRequest(fixture.server, { method: 'PUT', bucket: 'pub', key: 'key', body: BODY });
    const { outgoing, answer } = openExchange(fixture.server, wire);
    outgoing.flushHeaders();
    expect(await observe(answer)).toBe('ECONNRESET');
  });

  it('stall acts when asked to', async () => {
    const fixture = await startFixture();
    fixture.server.inject({ at: 1, mode: 'stall', acts: true });
    const wire = await signRequest(fixture.server, { method: 'PUT', bucket: 'pub', key: 'key', body: BODY });
    const { outgoing, answer } = openExchange(fixture.server, wire);
    outgoing.end(wire.body);
    await expect.poll(() => fixture.server.objects('pub').length).toBe(1);
    outgoing.destroy();
    expect(await observe(answer)).toBe('ECONNRESET');
  });

  it('leaves a server that can be closed while a client still waits', async () => {
    const fixture = await startFixture();
    fixture.server.inject({ at: 1, mode: 'stall' });
    const waiting = observe(fixture.get('key'));
    await expect.poll(() => fixture.server.requests.length).toBe(1);
    await fixture.server.close();
    expect(await waiting).toBe('ECONNRESET');
  });
});

describe('error-in-200', () => {
  it('answers Complete with 200 and an error, and leaves the upload as it was', async () => {
    const fixture = await startFixture();
    const uploadId = await fixture.begin('key');
    const { headers } = await fixture.sendPart('key', uploadId, 1, 'part');
    const parts = [{ number: 1, etag: headers['etag'] ?? '' }];
    fixture.server.inject({ at: 1, mode: 'error-in-200' });
    expect(outcomeOf(await fixture.complete('key', uploadId, parts))).toBe('200 InternalError');
    expect(fixture.server.objects('pub')).toEqual([]);
    expect(outcomeOf(await fixture.complete('key', uploadId, parts))).toBe('200');
  });

  it.each(['CopyObject', 'UploadPartCopy'] as const)('answers %s with 200 and an error', async (operation) => {
    const fixture = await startFixture();
    await fixture.put('from');
    const uploadId = operation === 'UploadPartCopy' ? await fixture.begin('to') : undefined;
    fixture.server.inject({ at: 1, mode: 'error-in-200', matches: (target) => target.operation === operation });
    const query = uploadId === undefined ? {} : { uploadId, partNumber: '1' };
    const copy = await fixture.send({ method: 'PUT', key: 'to', query, headers: { 'x-amz-copy-source': '/pub/from' } });
    expect([copy.status, ...textsOf(copy, 'Code')]).toEqual([200, 'InternalError']);
    expect(fixture.server.objects('pub').map(({ key }) => key)).toEqual(['from']);
    expect(fixture.server.uploads('pub').flatMap(({ partNumbers }) => partNumbers)).toEqual([]);
  });
});

describe('inject', () => {
  it('counts from the next request on', async () => {
    const fixture = await startFixture();
    await fixture.put('a');
    fixture.server.inject({ at: 3, mode: 'error-500' });
    const statuses: number[] = [];
    for (const key of ['a', 'b', 'c', 'd']) statuses.push((await fixture.put(key)).status);
    expect(statuses).toEqual([200, 200, 500, 200]);
  });

  it('counts only what matches', async () => {
    const fixture = await startFixture();
    const fault = fixture.server.inject({
      at: 2,
      mode: 'error-500',
      matches: ({ operation, key }) => operation === 'PutObject' && key === 'b',
    });
    const statuses: number[] = [];
    for (const key of ['a', 'b', 'a', 'b', 'b']) statuses.push((await fixture.put(key)).status);
    expect(statuses).toEqual([200, 200, 200, 500, 200]);
    expect(fault.hasFired).toBe(true);
  });

  it('fires two faults that fall on one request one after the other', async () => {
    const fixture = await startFixture();
    fixture.server.inject({ at: 1, mode: 'error-500' });
    fixture.server.inject({ at: 1, mode: 'slow-down-503' });
    expect([(await fixture.put('a')).status, (await fixture.put('a')).status, (await fixture.put('a')).status]).toEqual([500, 503, 200]);
  });

  it('can say when to come back', async () => {
    const fixture = await startFixture({ faults: [{ at: 1, mode: 'slow-down-503', headers: { 'retry-after': '2' } }] });
    expect((await fixture.put('a')).headers['retry-after']).toBe('2');
  });

  it('can be taken back, and says whether it has fired', async () => {
    const fixture = await startFixture();
    const fault = fixture.server.inject({ at: 1, mode: 'error-500' });
    fault.cancel();
    expect((await fixture.put('a')).status).toBe(200);
    expect(fault.hasFired).toBe(false);
    expect(() => fixture.server.inject({ at: 0, mode: 'error-500' })).toThrow(RangeError);
  });

  it('keeps the connection alive where the answer is whole', async () => {
    const fixture = await startFixture({ faults: [{ at: 1, mode: 'slow-down-503' }] });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await fixture.send({ method: 'PUT', key: 'a', body: BODY, agent });
    await fixture.send({ method: 'PUT', key: 'a', body: BODY, agent });
    agent.destroy();
    expect(fixture.server.requests.map(({ status, connection }) => [status, connection])).toEqual([
      [503, 1],
      [200, 1],
    ]);
  });
});
