import { openBucket } from '../../src/runtime/open-bucket.node.ts';
import { startMinio } from '../peers/minio.ts';
import { createPeerBucket } from '../peers/s3-peer.ts';
import type { S3Peer } from '../peers/s3-peer.ts';
import { startVersitygw } from '../peers/versitygw.ts';
import { startS3Server } from '../s3-server/server.ts';
import { openBucketry } from './bucketry.ts';
import { BUCKET, BUCKET_HOST } from './place.ts';
import type { OpenPlace, PlaceName } from './place.ts';
import { pushImages } from './push-images.ts';
import { expectSuccess } from './refusal.ts';

/** A server that is there, with an empty private bucket in it. */
type Store = Pick<S3Peer, 'endpoint' | 'region' | 'accessKeyId' | 'secretAccessKey' | 'close'>;

/** The bucket on MinIO. */
export async function openMinio(): Promise<OpenPlace> {
  return openPeer('minio', await startMinio());
}

/** The bucket on versitygw, which keeps objects as files. */
export async function openVersitygw(): Promise<OpenPlace> {
  return openPeer('versitygw', await startVersitygw());
}

/** The bucket on our own test server: the only one that refuses a missing key as S3 does, with 403. */
export async function openAws(): Promise<OpenPlace> {
  const server = await startS3Server({ personality: 'aws', buckets: [BUCKET], hosts: { [BUCKET_HOST]: BUCKET } });
  return openStore('aws', { ...server, ...server.credentials });
}

async function openPeer(name: PlaceName, peer: S3Peer): Promise<OpenPlace> {
  await createPeerBucket(peer, BUCKET);
  return openStore(name, peer);
}

/** Makes the bucket ready and public by our own command, and pushes into it. */
async function openStore(name: PlaceName, store: Store): Promise<OpenPlace> {
  const { endpoint, region, accessKeyId, secretAccessKey, close } = store;
  const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const bucketry = await openBucketry();
  const init = ['init', `s3://${BUCKET}?endpoint=${endpoint}&region=${region}`, '--public', '--lift-public-access-block'];
  expectSuccess(await bucketry.run(init, { env: environment }));
  await bucketry.close();
  const bucket = await openBucket({ kind: 's3', bucket: BUCKET, endpoint, region }, { environment, forWriting: true });
  const pushed = await pushImages(bucket, name);
  await bucket.close();
  return { ...pushed, host: `${BUCKET_HOST}:${new URL(endpoint).port}`, close };
}
