import { onTestFinished } from 'vitest';
import { folderTest as it } from '../images/folder-test.ts';
import { startMinio } from '../peers/minio.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createPeerBucket, type S3Peer } from '../peers/s3-peer.ts';
import { startVersitygw } from '../peers/versitygw.ts';
import { openCommandLine } from './command-line.ts';
import { checkCleaning } from './leftovers.ts';
import { openTestBucket } from './open-test-bucket.ts';

async function checkOn(peer: S3Peer, folder: string, tellsAll: boolean): Promise<void> {
  onTestFinished(() => peer.close());
  await createPeerBucket(peer, 'bucket');
  const { bucket, environment } = openTestBucket(peer);
  onTestFinished(() => bucket.close());
  await checkCleaning({ bucket, place: 's3://bucket', commandLine: openCommandLine({ folder, environment }) }, tellsAll);
}

describePeer('minio', 'on MinIO', () => {
  it('of uploads that pushes left, those of blobs that are there are removed', async ({ folder }) =>
    checkOn(await startMinio(), folder, false));
});

describePeer('versitygw', 'on versitygw', () => {
  it('uploads and staged objects that pushes left are removed', async ({ folder }) => checkOn(await startVersitygw(), folder, true));
});
