import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openExchange, outcomeOf, send, signRequest, type ClientRequestOptions } from './client.ts';
import { startFixture, type Fixture } from './fixture.ts';

const OWNER = { accessKeyId: 'OWNER', secretAccessKey: 'owner-secret' };
const GUEST = { accessKeyId: 'GUEST', secretAccessKey: 'guest-secret', sessionToken: 'guest-token' };
const DIGEST_OF_X = createHash('sha256').update('x').digest('hex');
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const signedAt = new Date(NOW);

async function start(): Promise<Fixture> {
  const fixture = await startFixture({ credentials: [OWNER, GUEST], now: () => NOW });
  fixture.server.writeObject('pub', 'a b+c%&(é)*/~', Buffer.from('held'));
  return fixture;
}

async function outcome({ server }: Fixture, options: Partial<ClientRequestOptions>): Promise<string> {
  return outcomeOf(await send(server, { method: 'GET', bucket: 'pub', key: 'a b+c%&(é)*/~', signedAt, ...options }));
}

const seconds = (count: number): Date => new Date(NOW + count * 1000);

describe('a signature in a header', () => {
  it.each<[string, Partial<ClientRequestOptions>]>([
    ['of the owner', {}],
    ['of session credentials', { credentials: GUEST }],
    ['15 minutes old', { signedAt: seconds(-900) }],
    ['15 minutes early', { signedAt: seconds(900) }],
    ['that covers headers a signer may leave out', { headers: { 'user-agent': 'me', 'cache-control': 'no-cache' } }],
    ['that covers a query of odd characters', { key: '', query: { 'list-type': '2', prefix: "a b+c%&'(é)*/~", empty: '' } }],
    ['that does not cover the body', { method: 'PUT', key: 'new', body: 'x', payloadHash: 'UNSIGNED-PAYLOAD' }],
  ])('is accepted: %s', async (_, options) => {
    expect(await outcome(await start(), options)).toBe('200');
  });

  it.each<[string, string, Partial<ClientRequestOptions>]>([
    ['of a wrong secret', '403 SignatureDoesNotMatch', { credentials: { ...OWNER, secretAccessKey: 'guess' } }],
    ['of a key nobody knows', '403 InvalidAccessKeyId', { credentials: { ...OWNER, accessKeyId: 'NOBODY' } }],
    ['of session credentials without their token', '403 InvalidAccessKeyId', { credentials: { ...GUEST, sessionToken: undefined } }],
    ['of session credentials with another token', '400 InvalidToken', { credentials: { ...GUEST, sessionToken: 'stolen' } }],
    ['of the owner with a token', '400 InvalidToken', { credentials: { ...OWNER, sessionToken: 'odd' } }],
    ['for another region', '400 AuthorizationHeaderMalformed', { region: 'eu-west-1' }],
    ['older than 15 minutes', '403 RequestTimeTooSkewed', { signedAt: seconds(-901) }],
    ['earlier than 15 minutes', '403 RequestTimeTooSkewed', { signedAt: seconds(901) }],
    ['beside an x-amz- header it does not cover', '403 AccessDenied', { unsignedHeaders: { 'x-amz-meta-late': '1' } }],
    ['of a stream in chunks', '501 NotImplemented', { payloadHash: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }],
    ['of a stream in chunks by its encoding', '501 NotImplemented', { headers: { 'content-encoding': 'aws-chunked' } }],
    ['of a payload digest that is none', '400 InvalidArgument', { payloadHash: 'abc' }],
    ['of another scheme', '400 InvalidArgument', { auth: 'none', unsignedHeaders: { authorization: 'Bearer abc' } }],
    [
      'that is cut',
      '400 AuthorizationHeaderMalformed',
      { auth: 'none', unsignedHeaders: { authorization: 'AWS4-HMAC-SHA256 Credential=a' } },
    ],
    ['beside a second one in the query', '400 InvalidArgument', { auth: 'query', unsignedHeaders: { authorization: 'Bearer abc' } }],
  ])('is refused: %s', async (_, expected, options) => {
    expect(await outcome(await start(), options)).toBe(expected);
  });

  it('is asked for the payload digest that S3 wants', async () => {
    const { server } = await start();
    const wire = await signRequest(server, { method: 'GET', bucket: 'pub', key: 'x', signedAt });
    const headers = Object.fromEntries(Object.entries(wire.headers).filter(([name]) => name !== 'x-amz-content-sha256'));
    const { outgoing, answer } = openExchange(server, { ...wire, headers });
    outgoing.end();
    expect(outcomeOf(await answer)).toBe('400 InvalidRequest');
  });

  it.each(['method', 'path', 'query', 'header'] as const)('does not cover a changed %s', async (part) => {
    const { server } = await start();
    const wire = await signRequest(server, { method: 'GET', bucket: 'pub', key: 'x', headers: { 'x-amz-meta-a': '1' }, signedAt });
    const changed = {
      method: { method: 'DELETE' },
      path: { path: '/pub/y' },
      query: { path: '/pub/x?response-content-type=text/html' },
      header: { headers: { ...wire.headers, 'x-amz-meta-a': '2' } },
    }[part];
    const { outgoing, answer } = openExchange(server, { ...wire, ...changed });
    outgoing.end();
    expect(outcomeOf(await answer)).toBe('403 SignatureDoesNotMatch');
  });

  it('names the right region in the body and, for HEAD, in a header', async () => {
    const { server } = await start();
    const request = { bucket: 'pub', key: 'x', region: 'eu-west-1', signedAt };
    expect((await send(server, { method: 'GET', ...request })).text).toContain('<Region>us-east-1</Region>');
    expect((await send(server, { method: 'HEAD', ...request })).headers['x-amz-bucket-region']).toBe('us-east-1');
  });

  it('binds the body: another one is refused and nothing is stored', async () => {
    const fixture = await start();
    const payloadHash = createHash('sha256').update('promised').digest('hex');
    expect(await outcome(fixture, { method: 'PUT', key: 'new', body: 'sent', payloadHash })).toBe('400 XAmzContentSHA256Mismatch');
    expect(fixture.server.objects('pub').map(({ key }) => key)).toEqual(['a b+c%&(é)*/~']);
  });
});

describe('a presigned URL', () => {
  const auth = 'query';

  it.each<[string, Partial<ClientRequestOptions>]>([
    ['of the owner', {}],
    ['of session credentials', { credentials: GUEST }],
    ['in its last second', { signedAt: seconds(-60), expiresSeconds: 60 }],
    ['that binds the body', { method: 'PUT', key: 'new', body: 'x', headers: { 'x-amz-content-sha256': DIGEST_OF_X } }],
    ['that covers a header', { method: 'PUT', key: 'new', body: 'x', headers: { 'content-type': 'text/plain', 'x-amz-meta-a': 'b' } }],
  ])('is accepted: %s', async (_, options) => {
    expect(await outcome(await start(), { auth, ...options })).toBe('200');
  });

  it.each<[string, string, Partial<ClientRequestOptions>]>([
    ['of a wrong secret', '403 SignatureDoesNotMatch', { credentials: { ...OWNER, secretAccessKey: 'guess' } }],
    ['that has expired', '403 AccessDenied', { signedAt: seconds(-61), expiresSeconds: 60 }],
    ['from the future', '403 AccessDenied', { signedAt: seconds(901) }],
    [
      'that binds another body',
      '400 XAmzContentSHA256Mismatch',
      { method: 'PUT', body: 'y', headers: { 'x-amz-content-sha256': DIGEST_OF_X } },
    ],
    ['for another region', '400 AuthorizationQueryParametersError', { region: 'eu-west-1' }],
    ['beside an x-amz- header it does not cover', '403 AccessDenied', { unsignedHeaders: { 'x-amz-meta-late': '1' } }],
  ])('is refused: %s', async (_, expected, options) => {
    expect(await outcome(await start(), { auth, ...options })).toBe(expected);
  });

  it.each([
    ['longer', /X-Amz-Expires=300/, 'X-Amz-Expires=3000', '403 SignatureDoesNotMatch'],
    ['for ever', /X-Amz-Expires=300/, 'X-Amz-Expires=604801', '400 AuthorizationQueryParametersError'],
    ['for no time', /X-Amz-Expires=300/, 'X-Amz-Expires=0', '400 AuthorizationQueryParametersError'],
    ['without a date', /X-Amz-Date=[^&]*&/, '', '400 AuthorizationQueryParametersError'],
    ['with one more parameter', /$/, '&ns=docker.io', '403 SignatureDoesNotMatch'],
  ])('cannot be made to hold %s', async (_, pattern, replacement, expected) => {
    const { server } = await start();
    const wire = await signRequest(server, { method: 'GET', bucket: 'pub', key: 'x', auth, signedAt });
    const { outgoing, answer } = openExchange(server, { ...wire, path: wire.path.replace(pattern, replacement) });
    outgoing.end();
    expect(outcomeOf(await answer)).toBe(expected);
  });
});
