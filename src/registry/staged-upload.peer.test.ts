import { createCipheriv } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type S3Peer, createPeerBucket } from '../../test/peers/s3-peer.ts';
import { startMinio } from '../../test/peers/minio.ts';
import { describePeer } from '../../test/peers/require-peer.ts';
import { startVersitygw } from '../../test/peers/versitygw.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { aroundBucket } from '../bucket/decorators/around-bucket.ts';
import { staticCredentials } from '../bucket/s3/credentials-provider.ts';
import { openS3Bucket } from '../bucket/s3/s3-bucket.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { formatKey, stagingRoot } from '../layout/keys.ts';
import { parseRepositoryName } from '../oci/repository-name.ts';
import type { ByteStream } from '../streams/byte-source.ts';
import { systemClock } from '../streams/clock.ts';
import { verify } from '../streams/verify.ts';
import { openRepository } from './repository.ts';

const name = parseRepositoryName('team/app');
const mebibyte = 1024 * 1024;

/** As many bytes of noise, always the same. */
async function* noise(size: number): ByteStream {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2));
  for (let left = size; left > 0; left -= mebibyte) yield cipher.update(new Uint8Array(Math.min(left, mebibyte)));
}

describePeer('minio', 'a blob of unknown digest on MinIO', () => describeStaging(startMinio));
describePeer('versitygw', 'a blob of unknown digest on versitygw', () => describeStaging(startVersitygw));

function describeStaging(start: () => Promise<S3Peer>): void {
  let peer: S3Peer;
  let bucket: Bucket;

  beforeAll(async () => {
    peer = await start();
    await createPeerBucket(peer, 'staging');
    const http = createNodeHttpClient({ env: {} });
    const { region, endpoint } = peer;
    bucket = openS3Bucket({
      bucket: 'staging',
      region,
      endpoint,
      pathStyle: true,
      credentials: staticCredentials(peer),
      http,
      clock: systemClock,
    });
  });

  afterAll(async () => {
    await bucket.close();
    await peer.close();
  });

  test.each([
    ['small, with one put', 3 * mebibyte, ['head', 'put']],
    ['large, copied at once', 20 * mebibyte + 7, ['create', 'putPart', 'head', 'complete', 'copy', 'head', 'delete']],
    [
      'larger, copied in parts',
      70 * mebibyte + 7,
      ['create', 'putPart', 'head', 'complete', 'create', 'copyPart', 'complete', 'head', 'delete'],
    ],
  ] as const)('is stored: %s', async (_, size, wanted) => {
    const calls: string[] = [];
    const watched = aroundBucket(bucket, {
      call: (operation, run) => {
        if (calls.at(-1) !== operation.name) calls.push(operation.name);
        return run();
      },
      iterate: (_operation, open) => open(),
    });
    const content = await openRepository(watched, name).blobs.putUnknown({ open: () => noise(size) });
    expect(content.size).toBe(size);
    expect(calls).toEqual(wanted);
    const stored = await bucket.get(formatKey({ kind: 'blob', name, digest: content.digest }));
    expect(stored).toMatchObject({ size, metadata: { 'docker-content-digest': content.digest }, contentType: 'application/octet-stream' });
    for await (const _chunk of verify(stored!.body, content));
    expect(await Array.fromAsync(bucket.list({ prefix: stagingRoot }))).toEqual([]);
  });
}
