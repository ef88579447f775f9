import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspect } from 'node:util';
import { rejection } from '../../../test/coded-errors.ts';
import { PERSONALITIES } from '../../../test/s3-server/personalities.ts';
import { type S3ServerOptions, type S3TestServer, startS3Server } from '../../../test/s3-server/server.ts';
import { createNodeHttpClient } from '../../http/node-http-client.node.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { type Clock, systemClock } from '../../streams/clock.ts';
import { digestHex } from '../../streams/hasher.ts';
import { readAll } from '../../streams/read-all.ts';
import type { Bucket } from '../bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { staticCredentials } from './credentials-provider.ts';
import { openS3Bucket, type S3BucketOptions } from './s3-bucket.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function start(options: S3ServerOptions = {}): Promise<S3TestServer> {
  const server = await startS3Server({ buckets: ['images'], ...options });
  cleanups.push(() => server.close());
  return server;
}

function open(server: S3TestServer, options: Partial<S3BucketOptions> = {}): Bucket {
  const bucket = openS3Bucket({
    bucket: 'images',
    region: server.region,
    endpoint: server.endpoint,
    credentials: staticCredentials(server.credentials),
    http: createNodeHttpClient({ env: {} }),
    clock: systemClock,
    ...options,
  });
  cleanups.push(() => bucket.close());
  return bucket;
}

const key = toObjectKey('v2/a/blobs/sha256:00');
const cow = bytesSource(new TextEncoder().encode('moo'));

function clockOff(offMs: number): Clock {
  return { ...systemClock, now: () => Date.now() + offMs };
}

describe('a clock that is off', () => {
  test.each([3_600_000, -86_400_000])('by %d ms is corrected once, and the correction is remembered', async (offMs) => {
    const server = await start();
    const bucket = open(server, { clock: clockOff(offMs) });
    await bucket.put(key, cow);
    await bucket.head(key);
    expect(server.requests.map(({ method, status }) => [method, status])).toEqual([
      ['PUT', 403],
      ['PUT', 200],
      ['HEAD', 200],
    ]);
  });

  test('is corrected by the refusal of a HEAD as well, which says no reason', async () => {
    const server = await start();
    server.writeObject('images', key, new Uint8Array(3));
    expect((await open(server, { clock: clockOff(3_600_000) }).head(key))?.size).toBe(3);
    expect(server.requests.map(({ status }) => status)).toEqual([403, 200]);
  });

  test('is corrected in presigned URLs', async () => {
    const server = await start();
    const bucket = open(server, { clock: clockOff(3_600_000) });
    await bucket.put(key, cow);
    const url = await bucket.presign?.(key, { method: 'GET', expiresInMs: 60_000 });
    expect(await (await fetch(url ?? '')).text()).toBe('moo');
  });
});

describe('a bucket in another region', () => {
  test('is found once the store has named it, also by many requests at once', async () => {
    const server = await start({ region: 'eu-central-1' });
    const bucket = open(server, { region: 'us-east-1' });
    await Promise.all(['a', 'b', 'c'].map((name) => bucket.put(toObjectKey(name), cow)));
    await bucket.put(key, cow);
    expect(server.objects('images')).toHaveLength(4);
    expect(server.requests.at(-1)?.status).toBe(200);
    expect(server.requests.length).toBeLessThanOrEqual(7);
  });
});

describe('refusals in plain words', () => {
  const refused = (server: S3TestServer, options: Partial<S3BucketOptions>): ReturnType<typeof rejection> =>
    rejection(open(server, options).get(key));

  test('a wrong secret', async () => {
    const server = await start();
    const credentials = staticCredentials({ ...server.credentials, secretAccessKey: 'wrong' });
    expect(await refused(server, { credentials })).toMatchObject({
      code: 'credentials-invalid',
      message: `Cannot read "${key}" in s3://images: the signature does not match: the secret access key is wrong (403 SignatureDoesNotMatch)`,
    });
  });

  test('an unknown key id', async () => {
    const server = await start();
    const credentials = staticCredentials({ ...server.credentials, accessKeyId: 'AKIAUNKNOWN' });
    expect(await refused(server, { credentials })).toMatchObject({
      code: 'credentials-invalid',
      hint: expect.stringContaining('AWS_ACCESS_KEY_ID'),
    });
  });

  test('a bucket that does not exist', async () => {
    const server = await start();
    expect(await refused(server, { bucket: 'no-such-bucket' })).toMatchObject({
      code: 'bucket-missing',
      message: `Cannot read "${key}" in s3://no-such-bucket: there is no such bucket (404 NoSuchBucket)`,
    });
  });

  test('a bucket of R2, by its own name and address', async () => {
    const server = await start();
    expect(await refused(server, { bucket: 'no-such-bucket', scheme: 'r2' })).toMatchObject({
      message: `Cannot read "${key}" in r2://no-such-bucket at ${server.endpoint}: there is no such bucket (404 NoSuchBucket)`,
    });
  });

  test('a key that may be missing, or hidden', async () => {
    const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::images/*' }] as const;
    const reader = { accessKeyId: 'READER', secretAccessKey: 'secret', policy: { Version: '2012-10-17', Statement } };
    const server = await start({ credentials: [reader] });
    const bucket = open(server);
    for (const error of [await rejection(bucket.get(key)), await rejection(bucket.head(key))]) {
      expect(error).toMatchObject({ code: 'access-denied', hint: expect.stringContaining('the key does not exist') });
    }
  });

  test('a write that the policy does not allow', async () => {
    const reader = { accessKeyId: 'READER', secretAccessKey: 'secret', policy: { Version: '2012-10-17', Statement: [] } };
    const server = await start({ credentials: [reader] });
    const error = await rejection(open(server).put(key, cow));
    expect(error).toMatchObject({ code: 'access-denied', hint: expect.stringContaining('policies') });
  });

  test('an unsigned request to a bucket that is not public', async () => {
    const server = await start();
    const error = await refused(server, { credentials: undefined });
    expect(error).toMatchObject({ code: 'access-denied', hint: expect.stringContaining('not signed') });
  });

  test.each([
    ['slow-down-503', 'throttled'],
    ['error-500', 'store-unavailable'],
  ] as const)('%s, with the time to wait', async (mode, code) => {
    const server = await start({ faults: [{ at: 1, mode, headers: { 'retry-after': '7' } }] });
    expect(await refused(server, {})).toMatchObject({ code, retryAfterMs: 7000 });
    expect(server.requests).toHaveLength(1);
  });

  test.each(['complete', 'copy', 'copyPart'] as const)('an error inside the 200 of %s', async (operation) => {
    const server = await start();
    const bucket = open(server);
    await bucket.put(key, cow);
    const upload = await bucket.multipart?.create(key, { size: 3, partSize: 3 });
    if (!upload || !bucket.multipart) throw new Error('no multipart');
    const part = await bucket.multipart.putPart(upload, 1, cow);
    server.inject({ at: 1, mode: 'error-in-200' });
    const failing = {
      complete: () => bucket.multipart?.complete(upload, [part]),
      copy: () => bucket.copy?.(key, toObjectKey('other')),
      copyPart: () => bucket.multipart?.copyPart?.(upload, 2, key, { start: 0, end: 3 }),
    }[operation];
    expect(await rejection(Promise.resolve(failing()))).toMatchObject({ code: 'store-unavailable' });
  });

  test('none of them holds a secret, in its message or in what --debug shows', async () => {
    const secret = { accessKeyId: 'AKIASECRET', secretAccessKey: 'very-secret', sessionToken: 'token-secret' };
    const server = await start({ credentials: [{ ...secret, secretAccessKey: 'another' }] });
    const error = await rejection(open(server, { credentials: staticCredentials(secret) }).put(key, cow));
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/very-secret|token-secret|Signature=|AKIASECRET/);
  });
});

describe('what is sent', () => {
  let server: S3TestServer;
  let bucket: Bucket;
  beforeEach(async () => {
    server = await start();
    bucket = open(server);
  });

  test('over plain HTTP the digest of every body is signed, and so checked by the store', async () => {
    await bucket.put(key, cow);
    const digest = digestHex('sha256', new TextEncoder().encode('moo'));
    expect(server.requests[0]?.headers).toMatchObject({ 'x-amz-content-sha256': digest, 'content-length': '3' });
    expect(server.requests[0]?.headers).not.toHaveProperty('expect');
  });

  test('a put that names its SHA-256 leaves it with the object', async () => {
    const digest = digestHex('sha256', new TextEncoder().encode('moo'));
    await bucket.put(key, cow, { sha256: digest });
    expect(server.requests[0]?.headers['x-amz-checksum-sha256']).toBe(Buffer.from(digest, 'hex').toString('base64'));
  });

  test('a bucket that everyone may read is read without a signature, and lends nothing', async () => {
    const server = await start({ publicBuckets: ['images'] });
    server.writeObject('images', key, new TextEncoder().encode('moo'));
    const anonymous = open(server, { credentials: undefined });
    const content = await anonymous.get(key);
    expect(content && new TextDecoder().decode(await readAll(content.body, 10, 'it'))).toBe('moo');
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(anonymous).not.toHaveProperty('presign');
  });

  test('temporary credentials bring their token along, in headers and in URLs', async () => {
    const credentials = { accessKeyId: 'ASIATEMPORARY', secretAccessKey: 'secret', sessionToken: 'token+/=' };
    const server = await start({ credentials: [credentials] });
    const bucket = open(server);
    await bucket.put(key, cow);
    const url = await bucket.presign?.(key, { method: 'GET', expiresInMs: 60_000 });
    expect(await (await fetch(url ?? '')).text()).toBe('moo');
  });

  test('a presigned PUT takes one object', async () => {
    const url = await bucket.presign?.(key, { method: 'PUT', expiresInMs: 60_000 });
    expect((await fetch(url ?? '', { method: 'PUT', body: 'moo' })).status).toBe(200);
    expect(server.objects('images')[0]?.bytes.toString()).toBe('moo');
  });

  test('many keys are deleted a thousand at a time', async () => {
    const keys = Array.from({ length: 1001 }, (_, index) => toObjectKey(`k/${index}&<'">`));
    for (const name of keys) server.writeObject('images', name, new Uint8Array(1));
    await bucket.deleteMany(keys);
    expect(server.objects('images')).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });

  test('many keys are deleted one by one where the store cannot do more', async () => {
    const server = await start({ personality: { ...PERSONALITIES.aws, lacks: ['DeleteObjects'] } });
    const keys = ['a', 'b', 'c'].map(toObjectKey);
    for (const name of keys) server.writeObject('images', name, new Uint8Array(1));
    await open(server).deleteMany(keys);
    expect(server.objects('images')).toEqual([]);
  });
});
