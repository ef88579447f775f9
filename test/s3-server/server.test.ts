import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as openRequest } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openExchange, outcomeOf, send, signRequest, textsOf } from './client.ts';
import { startFixture } from './fixture.ts';
import { startS3Server } from './server.ts';

/** A plain GET with a Host of one's own. */
async function getFrom(endpoint: string, host: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(endpoint);
  return new Promise((resolve, reject) => {
    openRequest({ hostname, port, path, headers: { host }, agent: false }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('a bucket', () => {
  it('stands in the path, as a sub-domain, and at the root of a host of its own', async () => {
    const { server } = await startFixture({ publicBuckets: ['pub'], hosts: { 'registry.test': 'pub' } });
    server.writeObject('pub', 'v2/a', Buffer.from('x'));
    const ask = (host: string, path: string): Promise<number | undefined> => getFrom(server.endpoint, host, path);
    const { host, port } = new URL(server.endpoint);
    expect(await ask(host, '/pub/v2/a')).toBe(200);
    expect(await ask(`pub.${host}`, '/v2/a')).toBe(200);
    expect(await ask(`pub.localhost:${port}`, '/v2/a')).toBe(200);
    expect(await ask('registry.test', '/v2/a')).toBe(200);
    expect(await ask(host, '/v2/a')).toBe(404);
  });

  it('is created, found, listed and deleted when empty', async () => {
    const { server } = await startFixture();
    const ask = async (method: string, bucket: string, body = ''): Promise<string> =>
      outcomeOf(await send(server, { method, bucket, body }));
    expect(await ask('HEAD', 'new-bucket')).toBe('404');
    expect(await ask('PUT', 'new-bucket')).toBe('200');
    expect(await ask('PUT', 'new-bucket')).toBe('409 BucketAlreadyOwnedByYou');
    expect(textsOf(await send(server, { method: 'GET' }), 'Name')).toEqual(['new-bucket', 'pub']);
    server.writeObject('new-bucket', 'a', Buffer.from('x'));
    expect(await ask('DELETE', 'new-bucket')).toBe('409 BucketNotEmpty');
    server.deleteObject('new-bucket', 'a');
    expect(await ask('DELETE', 'new-bucket')).toBe('204');
    expect(await ask('HEAD', 'new-bucket')).toBe('404');
  });

  it.each(['ab', 'UPPER', 'a..b', '127.0.0.1', '-abc'])('cannot be called "%s"', async (bucket) => {
    const { server } = await startFixture();
    expect(outcomeOf(await send(server, { method: 'PUT', bucket }))).toBe('400 InvalidBucketName');
  });

  it.each([
    ['us-east-1', ''],
    ['eu-west-1', 'eu-west-1'],
  ])('of %s says where it lies, and is created nowhere else', async (region, constraint) => {
    const { server, send: sendHere } = await startFixture({ region });
    expect((await sendHere({ method: 'GET', query: { location: '' } })).text).toContain(`>${constraint}</LocationConstraint>`);
    const body = '<CreateBucketConfiguration><LocationConstraint>sa-east-1</LocationConstraint></CreateBucketConfiguration>';
    expect(outcomeOf(await send(server, { method: 'PUT', bucket: 'new-bucket', body }))).toBe('400 IllegalLocationConstraintException');
  });
});

describe('a refusal', () => {
  it('is a document with its code, its resource and the id of the request', async () => {
    const fixture = await startFixture();
    const answer = await fixture.get('a b');
    expect(answer.headers).toMatchObject({ 'content-type': 'application/xml', server: 'AmazonS3' });
    expect(textsOf(answer, 'Resource')).toEqual(['/pub/a b']);
    expect(textsOf(answer, 'RequestId')).toEqual([answer.headers['x-amz-request-id']]);
  });

  it('comes before the body where the client waits for a 100 Continue', async () => {
    const { server } = await startFixture();
    const wire = await signRequest(server, { method: 'PUT', bucket: 'none', key: 'key', body: 'x', headers: { expect: '100-continue' } });
    const { outgoing, answer } = openExchange(server, wire);
    let continued = false;
    outgoing.on('continue', () => (continued = true)).flushHeaders();
    expect(outcomeOf(await answer)).toBe('404 NoSuchBucket');
    expect(continued).toBe(false);
    outgoing.destroy();
  });

  it('dates itself by the server’s clock, by which a client can set its own', async () => {
    const now = Date.UTC(2020, 1, 2, 3, 4, 5);
    const fixture = await startFixture({ now: () => now });
    const answer = await fixture.get('key');
    expect([outcomeOf(answer), answer.headers['date']]).toEqual(['403 RequestTimeTooSkewed', 'Sun, 02 Feb 2020 03:04:05 GMT']);
  });
});

describe('the log', () => {
  it('tells every request with its operation, status and connection', async () => {
    const fixture = await startFixture();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await fixture.send({ method: 'PUT', key: 'v2/a', body: 'x', agent });
    await fixture.send({ method: 'GET', key: 'v2/a', auth: 'none', query: { ns: 'x' }, agent });
    agent.destroy();
    await fixture.send({ method: 'PATCH' });
    expect(fixture.server.requests.map(({ headers: _, ...rest }) => rest)).toEqual([
      { method: 'PUT', bucket: 'pub', key: 'v2/a', query: {}, operation: 'PutObject', connection: 1, status: 200, fault: undefined },
      {
        method: 'GET',
        bucket: 'pub',
        key: 'v2/a',
        query: { ns: 'x' },
        operation: 'GetObject',
        connection: 1,
        status: 403,
        fault: undefined,
      },
      { method: 'PATCH', bucket: 'pub', key: undefined, query: {}, operation: undefined, connection: 2, status: 405, fault: undefined },
    ]);
  });
});

describe('a slow connection', () => {
  const BODY = Buffer.alloc(50_000);

  async function time(action: () => Promise<unknown>): Promise<number> {
    const startMs = performance.now();
    await action();
    return performance.now() - startMs;
  }

  it('takes the time that its rate allows, up and down, and others beside it none of it', async () => {
    const fixture = await startFixture({ bytesPerSecond: 200_000 });
    const put = (key: string): Promise<unknown> => fixture.put(key, BODY);
    expect(await time(() => put('a'))).toBeGreaterThan(240);
    expect(await time(() => fixture.get('a'))).toBeGreaterThan(240);
    expect(await time(() => Promise.all(['a', 'b', 'c', 'd'].map(put)))).toBeLessThan(900);
  });

  it('answers after its latency', async () => {
    const fixture = await startFixture({ latencyMs: 100 });
    expect(await time(() => fixture.put('a'))).toBeGreaterThan(95);
  });

  it('does not keep the server from closing', async () => {
    const server = await startS3Server({ buckets: ['pub'], bytesPerSecond: 10 });
    const waiting = send(server, { method: 'PUT', bucket: 'pub', key: 'a', body: BODY }).catch(() => 'cut');
    await expect.poll(() => server.requests.length).toBe(1);
    await server.close();
    expect(await waiting).toBe('cut');
  });
});

describe('close', () => {
  it('throws what went wrong in the server itself', async () => {
    let calls = 0;
    const now = (): number => {
      if (++calls > 1) throw new TypeError('a defect');
      return Date.now();
    };
    const server = await startS3Server({ buckets: ['pub'], now });
    await expect(send(server, { method: 'GET', bucket: 'pub', key: 'a' })).rejects.toThrow();
    await expect(server.close()).rejects.toThrow('failed 1 times');
  });

  it('does not count a client that hangs up', async () => {
    const server = await startS3Server({ buckets: ['pub'] });
    const wire = await signRequest(server, { method: 'PUT', bucket: 'pub', key: 'a', body: 'long' });
    const { outgoing, answer } = openExchange(server, wire);
    outgoing.write('lo');
    await expect.poll(() => server.requests.length).toBe(1);
    outgoing.destroy();
    await expect(answer).rejects.toThrow();
    await server.close();
    expect(server.objects('pub')).toEqual([]);
  });
});

describe('main', () => {
  it('prints the endpoint of the server that it runs, until it is told to stop', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, '--bucket', 'pub', '--personality', 'r2'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const [endpoint]: unknown[] = await once(createInterface(child.stdout), 'line');
    expect(await getFrom(String(endpoint), new URL(String(endpoint)).host, '/pub/key')).toBe(403);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });
});
