import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { outcomeOf, send } from './client.ts';
import { startFixture, type Fixture } from './fixture.ts';
import type { PolicyDocument, PolicyStatement } from './policy.ts';

const VERSION = '2012-10-17';
const READ: PolicyStatement = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: ['arn:aws:s3:::pub/v2/*', 'arn:aws:s3:::pub/v2'],
};

function policyOf(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: VERSION, Statement: statements });
}

async function putPolicy(fixture: Fixture, ...statements: readonly unknown[]): Promise<string> {
  return outcomeOf(await fixture.send({ method: 'PUT', query: { policy: '' }, body: policyOf(...statements) }));
}

function setting(name: string, body: string): Parameters<Fixture['send']>[0] {
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  return { method: 'PUT', query: { [name]: '' }, body, headers };
}

describe('anyone', () => {
  async function ask(fixture: Fixture, method: string, key: string): Promise<string> {
    return outcomeOf(await fixture.send({ method, key, auth: 'none', query: { ns: 'docker.io' } }));
  }

  it('reads what the bucket’s policy shows, and nothing else', async () => {
    const fixture = await startFixture();
    for (const key of ['v2/a', 'v2', '_bucketry/format']) await fixture.put(key);
    expect(await ask(fixture, 'GET', 'v2/a')).toBe('403 AccessDenied');
    expect(await putPolicy(fixture, READ)).toBe('204');
    expect(await ask(fixture, 'GET', 'v2/a')).toBe('200');
    expect(await ask(fixture, 'HEAD', 'v2')).toBe('200');
    expect(await ask(fixture, 'GET', '_bucketry/format')).toBe('403 AccessDenied');
    expect(await ask(fixture, 'PUT', 'v2/a')).toBe('403 AccessDenied');
    expect(await ask(fixture, 'DELETE', 'v2/a')).toBe('403 AccessDenied');
    await fixture.send({ method: 'DELETE', query: { policy: '' } });
    expect(await ask(fixture, 'GET', 'v2/a')).toBe('403 AccessDenied');
  });

  it('who may list is told 404', async () => {
    const fixture = await startFixture();
    expect(await putPolicy(fixture, READ)).toBe('204');
    expect(await ask(fixture, 'GET', 'v2/none')).toBe('403 AccessDenied');
    expect(await putPolicy(fixture, READ, { ...READ, Action: 's3:ListBucket', Resource: 'arn:aws:s3:::pub' })).toBe('204');
    expect(await ask(fixture, 'GET', 'v2/none')).toBe('404 NoSuchKey');
  });

  it('cannot change the headers of an answer', async () => {
    const fixture = await startFixture({ publicBuckets: ['pub'] });
    await fixture.put('key');
    const answer = await fixture.send({ method: 'GET', key: 'key', auth: 'none', query: { 'response-content-type': 'text/html' } });
    expect(outcomeOf(answer)).toBe('400 InvalidRequest');
  });
});

describe('a public access block', () => {
  it('keeps a public policy out until it is lifted, and restricts one that is there', async () => {
    const fixture = await startFixture({ blocksPublicAccess: true });
    await fixture.put('v2/a');
    const ask = async (): Promise<string> => outcomeOf(await fixture.send({ method: 'GET', key: 'v2/a', auth: 'none' }));
    const put = async (flag: string, value: boolean): Promise<string> =>
      outcomeOf(
        await fixture.send(
          setting('publicAccessBlock', `<PublicAccessBlockConfiguration><${flag}>${value}</${flag}></PublicAccessBlockConfiguration>`),
        ),
      );
    expect((await fixture.send({ method: 'GET', query: { publicAccessBlock: '' } })).text).toContain('<BlockPublicPolicy>true<');
    expect(await putPolicy(fixture, READ)).toBe('403 AccessDenied');
    expect(await put('BlockPublicPolicy', false)).toBe('200');
    expect(await putPolicy(fixture, READ)).toBe('204');
    expect(await ask()).toBe('200');
    expect(await put('RestrictPublicBuckets', true)).toBe('200');
    expect(await ask()).toBe('403 AccessDenied');
    await fixture.send({ method: 'DELETE', query: { publicAccessBlock: '' } });
    expect(await ask()).toBe('200');
  });
});

describe('credentials with a policy', () => {
  const policy: PolicyDocument = {
    Version: VERSION,
    Statement: [
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::pub/team/*' },
      { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::pub/team/secret' },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::pub', Condition: { StringLike: { 's3:prefix': 'team/*' } } },
    ],
  };
  const pusher = { accessKeyId: 'PUSHER', secretAccessKey: 'secret', policy };
  const owner = { accessKeyId: 'OWNER', secretAccessKey: 'secret' };

  it.each<[string, string, string, Record<string, string>, string]>([
    ['write below its prefix', 'PUT', 'team/a', {}, '200'],
    ['not write elsewhere', 'PUT', 'other/a', {}, '403 AccessDenied'],
    ['not write what is denied', 'PUT', 'team/secret', {}, '403 AccessDenied'],
    ['not delete', 'DELETE', 'team/a', {}, '403 AccessDenied'],
    ['list below its prefix', 'GET', '', { 'list-type': '2', prefix: 'team/' }, '200'],
    ['not list the rest', 'GET', '', { 'list-type': '2' }, '403 AccessDenied'],
    ['not be told that a key is missing', 'GET', 'team/none', {}, '403 AccessDenied'],
  ])('may %s', async (_, method, key, query, expected) => {
    const { server } = await startFixture({ credentials: [owner, pusher] });
    expect(outcomeOf(await send(server, { method, bucket: 'pub', key, query, credentials: pusher }))).toBe(expected);
  });

  it('may not copy from where it may not read, and deletes in bulk only what it may', async () => {
    const { server } = await startFixture({ credentials: [owner, pusher] });
    server.writeObject('pub', 'other/a', Buffer.from('x'));
    const asPusher = { bucket: 'pub', credentials: pusher };
    const copy = await send(server, { method: 'PUT', key: 'team/a', headers: { 'x-amz-copy-source': '/pub/other/a' }, ...asPusher });
    expect(outcomeOf(copy)).toBe('403 AccessDenied');
    const body = '<Delete><Object><Key>other/a</Key></Object></Delete>';
    const deletion = await send(server, { ...setting('delete', body), method: 'POST', ...asPusher });
    expect(deletion.text).toContain('<Error><Key>other/a</Key><Code>AccessDenied</Code>');
    expect(server.objects('pub')).toHaveLength(1);
  });
});

describe('a policy', () => {
  it.each<[string, unknown]>([
    ['of another bucket', { ...READ, Resource: 'arn:aws:s3:::other/*' }],
    ['whose action fits no resource', { ...READ, Resource: 'arn:aws:s3:::pub' }],
    ['that lists objects', { ...READ, Action: 's3:ListBucket' }],
    ['of another service', { ...READ, Action: 'sqs:GetObject' }],
    ['for a stranger', { ...READ, Principal: { AWS: 'arn:aws:iam::123456789012:user/nobody' } }],
    ['for nobody', { ...READ, Principal: undefined }],
    ['of another effect', { ...READ, Effect: 'allow' }],
    ['with a field that nobody would heed', { ...READ, NotResource: 'arn:aws:s3:::pub/v2/secret' }],
    ['without an action', { ...READ, Action: [] }],
    ['with an unknown condition', { ...READ, Condition: { IpAddress: { 'aws:SourceIp': '127.0.0.1' } } }],
  ])('%s is malformed', async (_, statement) => {
    expect(await putPolicy(await startFixture(), statement)).toBe('400 MalformedPolicy');
  });

  it.each(['', '[]', '{"Version":"2012-10-17"}', '{"Statement":[]}'])('cannot read "%s"', async (body) => {
    const fixture = await startFixture();
    expect(outcomeOf(await fixture.send({ method: 'PUT', query: { policy: '' }, body }))).toBe('400 MalformedPolicy');
    expect(outcomeOf(await fixture.send({ method: 'GET', query: { policy: '' } }))).toBe('404 NoSuchBucketPolicy');
  });

  it('comes back as it was sent', async () => {
    const fixture = await startFixture();
    await putPolicy(fixture, READ);
    expect((await fixture.send({ method: 'GET', query: { policy: '' } })).text).toBe(policyOf(READ));
  });
});

describe('lifecycle and CORS', () => {
  const ABORT = '<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload>';
  const lifecycle = (rule: string): string => `<LifecycleConfiguration><Rule>${rule}</Rule></LifecycleConfiguration>`;
  const cors = (rule: string): string => `<CORSConfiguration><CORSRule>${rule}</CORSRule></CORSConfiguration>`;
  const GOOD = {
    lifecycle: lifecycle(`<Filter/><Status>Enabled</Status>${ABORT}`),
    cors: cors('<AllowedOrigin>https://*.test</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader>'),
  } as const;

  it.each(['lifecycle', 'cors'] as const)('%s is put, got and deleted, and wants a digest', async (name) => {
    const fixture = await startFixture();
    const get = async (): Promise<string> => (await fixture.send({ method: 'GET', query: { [name]: '' } })).text;
    expect(outcomeOf(await fixture.send({ method: 'PUT', query: { [name]: '' }, body: GOOD[name] }))).toBe('400 InvalidRequest');
    expect(outcomeOf(await fixture.send(setting(name, GOOD[name])))).toBe('200');
    expect(await get()).toBe(GOOD[name]);
    await fixture.send({ method: 'DELETE', query: { [name]: '' } });
    expect(await get()).toContain('<Code>NoSuch');
  });

  it.each<['lifecycle' | 'cors', string, string]>([
    ['lifecycle', lifecycle(`<Filter/>${ABORT}`), '400 MalformedXML'],
    ['lifecycle', lifecycle(`<Status>Enabled</Status>${ABORT}`), '400 MalformedXML'],
    ['lifecycle', lifecycle('<Filter/><Status>Enabled</Status>'), '400 InvalidRequest'],
    ['lifecycle', lifecycle(`<Filter/><Status>Enabled</Status>${ABORT.replace('7', '0')}`), '400 MalformedXML'],
    ['cors', cors('<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod>'), '400 InvalidRequest'],
    ['cors', cors('<AllowedMethod>GET</AllowedMethod>'), '400 MalformedXML'],
    ['cors', '<CORSConfiguration>', '400 MalformedXML'],
  ])('%s refuses %s', async (name, body, expected) => {
    expect(outcomeOf(await (await startFixture()).send(setting(name, body)))).toBe(expected);
  });

  it('a page of an allowed origin gets its preflight and its headers, another one neither', async () => {
    const fixture = await startFixture({ publicBuckets: ['pub'] });
    await fixture.put('key');
    await fixture.send(setting('cors', GOOD.cors));
    const ask = async (method: string, origin: string): Promise<[number, string | undefined]> => {
      const headers = { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'Range' };
      const answer = await fixture.send({ method, key: 'key', auth: 'none', headers });
      return [answer.status, answer.headers['access-control-allow-origin']];
    };
    expect(await ask('OPTIONS', 'https://a.test')).toEqual([200, 'https://a.test']);
    expect(await ask('GET', 'https://a.test')).toEqual([200, 'https://a.test']);
    expect(await ask('OPTIONS', 'https://b.example')).toEqual([403, undefined]);
    expect(await ask('GET', 'https://b.example')).toEqual([200, undefined]);
  });
});
