import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BucketAdmin } from '../../src/bucket/bucket-admin.ts';
import { toObjectKey } from '../../src/bucket/object-key.ts';
import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Admin } from '../../src/bucket/s3/s3-admin.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import type { S3ClientOptions } from '../../src/bucket/s3/s3-client.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { rejection } from '../coded-errors.ts';
import { startMinio } from '../peers/minio.ts';
import { describePeer } from '../peers/require-peer.ts';
import type { S3Peer } from '../peers/s3-peer.ts';
import { startVersitygw } from '../peers/versitygw.ts';

const publicRead = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: ['*'] }, Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::images/v2/*'] }],
});

/** What both stores let be set, and what they answer of. */
function defineAdminTests(start: () => Promise<S3Peer>): void {
  let peer: S3Peer;
  let admin: BucketAdmin;
  const describeBucket = (options: Partial<S3ClientOptions> = {}): S3ClientOptions => ({
    bucket: 'images',
    region: peer.region,
    endpoint: peer.endpoint,
    credentials: staticCredentials(peer),
    http: createNodeHttpClient({ env: {} }),
    clock: systemClock,
    ...options,
  });
  beforeAll(async () => {
    peer = await start();
    admin = openS3Admin(describeBucket());
    await admin.createBucket?.();
  });
  afterAll(() => peer?.close());

  test('the bucket is made, also twice, and then exists', async () => {
    await admin.createBucket?.();
    expect(await admin.bucketExists()).toBe(true);
    expect(await openS3Admin(describeBucket({ bucket: 'no-such-bucket' })).bucketExists()).toBe(false);
  });

  test('a policy opens what it names to everyone, and nothing else', async () => {
    expect(await admin.getPolicy?.()).toBeUndefined();
    await admin.putPolicy?.(publicRead);
    expect(JSON.parse((await admin.getPolicy?.()) ?? '')).toMatchObject({ Statement: [{ Action: ['s3:GetObject'] }] });
    const bucket = openS3Bucket(describeBucket());
    for (const key of ['v2/open', 'closed']) await bucket.put(toObjectKey(key), bytesSource(new Uint8Array(3)));
    const anonymous = openS3Bucket(describeBucket({ credentials: undefined }));
    expect((await anonymous.head(toObjectKey('v2/open')))?.size).toBe(3);
    expect(await rejection(anonymous.head(toObjectKey('closed')))).toMatchObject({ code: 'access-denied' });
  });

  test.each([
    ['a wrong secret', { secretAccessKey: 'wrong' }],
    ['an unknown key id', { accessKeyId: 'unknown-id' }],
  ])('%s is told as what it is', async (_what, wrong) => {
    const bucket = openS3Bucket(describeBucket({ credentials: staticCredentials({ ...peer, ...wrong }) }));
    const error = await rejection(bucket.put(toObjectKey('k'), bytesSource(new Uint8Array(3))));
    expect(error.code).toBe('credentials-invalid');
  });
}

describePeer('minio', 'the settings of a bucket on MinIO', () => defineAdminTests(startMinio));
describePeer('versitygw', 'the settings of a bucket on versitygw', () => defineAdminTests(startVersitygw));
