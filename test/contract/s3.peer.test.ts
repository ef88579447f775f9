import { staticCredentials } from '../../src/bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../../src/bucket/s3/s3-bucket.ts';
import { createNodeHttpClient } from '../../src/http/node-http-client.node.ts';
import { systemClock } from '../../src/streams/clock.ts';
import { startMinio } from '../peers/minio.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createPeerBucket, type S3Peer } from '../peers/s3-peer.ts';
import { startVersitygw } from '../peers/versitygw.ts';
import { describeBucketContract } from './bucket-contract.ts';
import type { OpenedBucket } from './bucket-contract-harness.ts';

async function open(start: () => Promise<S3Peer>, pathStyle: boolean): Promise<OpenedBucket> {
  const peer = await start();
  await createPeerBucket(peer, 'contract');
  const bucket = openS3Bucket({
    bucket: 'contract',
    region: peer.region,
    // Names below localhost are not known to every resolver
    endpoint: pathStyle ? peer.endpoint : `http://localhost:${peer.port}`,
    pathStyle,
    credentials: staticCredentials(peer),
    http: createNodeHttpClient({
      env: {},
      lookup: (_host, { all }, done) => (all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)),
    }),
    clock: systemClock,
  });
  return {
    bucket,
    cleanup: async () => {
      await bucket.close();
      await peer.close();
    },
  };
}

describePeer('minio', 'on MinIO', () => {
  describeBucketContract('s3 bucket on MinIO', () => open(startMinio, true));
  describeBucketContract('s3 bucket on MinIO, a host of its own', () => open(startMinio, false));
});

describePeer('versitygw', 'on versitygw', () => {
  describeBucketContract('s3 bucket on versitygw', () => open(startVersitygw, true));
  describeBucketContract('s3 bucket on versitygw, a host of its own', () => open(startVersitygw, false));
});
