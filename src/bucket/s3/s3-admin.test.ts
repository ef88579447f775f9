import { afterEach, describe, expect, test } from 'vitest';
import { type S3ServerOptions, type S3TestServer, startS3Server } from '../../../test/s3-server/server.ts';
import { PERSONALITIES } from '../../../test/s3-server/personalities.ts';
import { createFetchHttpClient } from '../../http/fetch-http-client.ts';
import { createNodeHttpClient } from '../../http/node-http-client.node.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { systemClock } from '../../streams/clock.ts';
import type { BucketAdmin } from '../bucket-admin.ts';
import { staticCredentials } from './credentials-provider.ts';
import { checkedDocument } from './document-body.ts';
import { openS3Admin } from './s3-admin.ts';
import { createS3Client, type S3Client, type S3ClientOptions } from './s3-client.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function describeBucket(server: S3TestServer): S3ClientOptions {
  const http = createNodeHttpClient({ env: {} });
  cleanups.push(() => http.close());
  const credentials = staticCredentials(server.credentials);
  return { bucket: 'images', region: server.region, endpoint: server.endpoint, credentials, http, clock: systemClock };
}

async function open(
  options: S3ServerOptions = { buckets: ['images'] },
): Promise<{ admin: BucketAdmin; client: S3Client; server: S3TestServer }> {
  const server = await startS3Server(options);
  cleanups.push(() => server.close());
  return { admin: openS3Admin(describeBucket(server)), client: createS3Client(describeBucket(server)), server };
}

async function readSetting(client: S3Client, setting: string, root: string): Promise<string> {
  const document = await client.sendForXml({ action: 'look', method: 'GET', query: { [setting]: '' } }, root);
  return JSON.stringify(document.toJSON());
}

describe('the bucket itself', () => {
  test.each(['us-east-1', 'eu-central-1'])('is made in %s, also twice, and then exists', async (region) => {
    const { admin } = await open({ region });
    expect(await admin.bucketExists()).toBe(false);
    await admin.createBucket?.();
    await admin.createBucket?.();
    expect(await admin.bucketExists()).toBe(true);
  });

  test('may be there and hidden, which is an error', async () => {
    const nobody = { accessKeyId: 'NOBODY', secretAccessKey: 's', policy: { Version: '2012-10-17', Statement: [] } };
    const { admin } = await open({ buckets: ['images'], credentials: nobody });
    await expect(admin.bucketExists()).rejects.toMatchObject({ code: 'access-denied' });
  });
});

describe('who may read', () => {
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::images/v2/*'] }],
  });

  test('is a policy, absent at first', async () => {
    const { admin } = await open();
    expect(await admin.getPolicy?.()).toBeUndefined();
    await admin.putPolicy?.(policy);
    expect(JSON.parse((await admin.getPolicy?.()) ?? '')).toEqual(JSON.parse(policy));
  });

  test('is held back by the block of public access until that is lifted', async () => {
    const { admin } = await open({ buckets: ['images'] });
    expect(await admin.getPublicAccessBlock?.()).toBeUndefined();
    const block = { blockPublicAcls: true, ignorePublicAcls: false, blockPublicPolicy: true, restrictPublicBuckets: false };
    await admin.putPublicAccessBlock?.(block);
    expect(await admin.getPublicAccessBlock?.()).toEqual(block);
    await expect(admin.putPolicy?.(policy)).rejects.toMatchObject({ code: 'access-denied' });
    await admin.putPublicAccessBlock?.({ ...block, blockPublicPolicy: false });
    await admin.putPolicy?.(policy);
  });

  test('is held back by nothing where the store knows no block of public access', async () => {
    const { admin } = await open({ buckets: ['images'], personality: { ...PERSONALITIES.aws, lacks: ['GetPublicAccessBlock'] } });
    expect(await admin.getPublicAccessBlock?.()).toBeUndefined();
  });

  test('is not said by policies on R2', () => {
    const http = createFetchHttpClient();
    const admin = openS3Admin({
      bucket: 'images',
      region: 'auto',
      endpoint: 'https://abc.r2.cloudflarestorage.com',
      http,
      clock: systemClock,
    });
    expect(Object.keys(admin).filter((name) => /policy|public/i.test(name))).toEqual([]);
    expect(Object.keys(admin)).toContain('putAbortUploadsRule');
  });
});

describe('rules', () => {
  test('are set beside those of others, in the place of our own', async () => {
    const { admin, client } = await open();
    const theirs =
      '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>theirs</ID><Filter><Prefix>a&amp;b/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>';
    const document = checkedDocument({ xml: theirs });
    await client.sendForHeaders({ action: 'set', method: 'PUT', query: { lifecycle: '' }, ...document });
    await admin.putAbortUploadsRule?.(3);
    await admin.putAbortUploadsRule?.(7);
    const text = await readSetting(client, 'lifecycle', 'LifecycleConfiguration');
    expect(text.match(/"name":"Rule"/g)).toHaveLength(2);
    for (const part of ['"theirs"', '"a&b/"', '"9"', '"7"', '"AbortIncompleteMultipartUpload"']) expect(text).toContain(part);
    expect(text).not.toContain('"3"');
  });

  test('let a web page read', async () => {
    const { admin, client } = await open();
    await admin.putReadCors?.(['https://a.test', 'https://b.test']);
    const text = await readSetting(client, 'cors', 'CORSConfiguration');
    for (const part of ['"https://a.test"', '"https://b.test"', '"GET"', '"HEAD"']) expect(text).toContain(part);
  });

  test('take along what S3 keeps in a header beside the document', async () => {
    const header = 'x-amz-transition-default-minimum-object-size';
    const seen: (string | null)[] = [];
    const store = async (_url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      seen.push(new Headers(init?.headers).get(header));
      return new Response(init?.method === 'GET' ? '<LifecycleConfiguration/>' : '', { headers: { [header]: 'varies_by_storage_class' } });
    };
    const http = createFetchHttpClient({ fetch: store });
    await openS3Admin({ bucket: 'images', region: 'us-east-1', http, clock: systemClock }).putAbortUploadsRule?.(7);
    expect(seen).toEqual([null, 'varies_by_storage_class']);
  });
});

test('a document with digests carries those of its bytes', () => {
  const { headers, body, sha256 } = checkedDocument({ json: '{}' });
  expect(body.size).toBe(bytesSource(new TextEncoder().encode('{}')).size);
  expect(headers).toEqual({
    'content-type': 'application/json',
    'content-md5': 'mZFLkyvTelC5g8XnyQrpOw==',
    'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
  });
});
