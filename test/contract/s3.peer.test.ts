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
    // As `init` finds of both
    abilities: { verifiesCrc32: true },
  });
  return {
    bucket,
    cleanup: async () => {
      await bucket.close();
      await peer.close();
    },
  };
}

/** Both keep objects as files: a name is a file's name, and nothing lies below a file. The layout keeps clear of all of this (FACTS, "Servers"). */
const minioDeviations = {
  'holds a name of more than 255 bytes between two slashes': 'MinIO: XMinioInvalidObjectName',
  'lists an object whose key is a folder of others': 'MinIO holds the keys below, but leaves them out of a listing',
};
const versitygwDeviations = {
  'holds a name of more than 255 bytes between two slashes': 'versitygw: ExistingObjectIsDirectory',
  'lists an object whose key is a folder of others': 'versitygw: ObjectParentIsFile',
  'holds an empty object under a key that ends in a slash, beside keys below it': 'versitygw calls it an application/x-directory',
  'deletes exactly the key named': 'versitygw: ErrDirectoryNotEmpty for a key that ends in a slash, beside keys below it',
};

describePeer('minio', 'on MinIO', () => {
  const options = { deviations: minioDeviations };
  describeBucketContract('s3 bucket on MinIO', () => open(startMinio, true), options);
  describeBucketContract('s3 bucket on MinIO, at a host of its own', () => open(startMinio, false), options);
});

describePeer('versitygw', 'on versitygw', () => {
  const options = { deviations: versitygwDeviations };
  describeBucketContract('s3 bucket on versitygw', () => open(startVersitygw, true), options);
  describeBucketContract('s3 bucket on versitygw, at a host of its own', () => open(startVersitygw, false), options);
});
