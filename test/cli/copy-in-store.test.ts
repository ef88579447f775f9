import { afterAll, beforeAll, expect } from 'vitest';
import { folderTest as it } from '../images/folder-test.ts';
import { startMinio } from '../peers/minio.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createPeerBucket, type S3Peer, TEST_CREDENTIALS, TEST_REGION } from '../peers/s3-peer.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openCommandLine } from './command-line.ts';
import { writeLargeLayout } from './image-layouts.ts';
import { openTestBucket } from './open-test-bucket.ts';

it('an image goes from one repository of a bucket to another without a byte of its blobs coming by', async ({ folder }) => {
  const server = await startS3Server({ buckets: ['bucket'] });
  try {
    const { environment } = openTestBucket({ ...server, ...server.credentials });
    const { run } = openCommandLine({ folder, environment });
    await writeLargeLayout(folder, 'image', 9 * 2 ** 20);
    expect(await run('push', 'oci:image', 's3://bucket/team/a:1')).toMatchObject({ code: 0 });
    server.requests.length = 0;
    const { code, stderr } = await run('push', 's3://bucket/team/a:1', 's3://bucket/team/b:1');
    expect(code, stderr).toBe(0);
    const ofBlobs = server.requests.filter(({ key }) => key?.includes('/blobs/')).map(({ operation }) => operation);
    for (const operation of ['GetObject', 'PutObject', 'UploadPart'] as const) expect(ofBlobs).not.toContain(operation);
    expect(ofBlobs.filter((operation) => operation === 'CopyObject')).toHaveLength(2);
    expect(await run('pull', 's3://bucket/team/b:1', 'oci:back')).toMatchObject({ code: 0 });
  } finally {
    await server.close();
  }
});

describePeer('minio', 'in MinIO', () => {
  let minio: S3Peer;

  beforeAll(async () => {
    minio = await startMinio();
    await createPeerBucket(minio, 'bucket');
  });

  afterAll(() => minio.close());

  it('an image goes from one repository of a bucket to another, and is whole there', async ({ folder }) => {
    const { environment } = openTestBucket({ endpoint: minio.endpoint, region: TEST_REGION, ...TEST_CREDENTIALS });
    const { run } = openCommandLine({ folder, environment });
    await writeLargeLayout(folder, 'image', 9 * 2 ** 20);
    expect(await run('push', 'oci:image', 's3://bucket/team/a:1')).toMatchObject({ code: 0 });
    const { code, stderr } = await run('push', 's3://bucket/team/a:1', 's3://bucket/team/b:1');
    expect(code, stderr).toBe(0);
    expect(await run('pull', 's3://bucket/team/b:1', 'oci:back')).toMatchObject({ code: 0 });
  });
});
