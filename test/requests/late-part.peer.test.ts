import { test, vi } from 'vitest';
import { startMinio } from '../peers/minio.ts';
import { describePeer } from '../peers/require-peer.ts';
import { createPeerBucket } from '../peers/s3-peer.ts';
import { pushOverOneSlowConnection } from './late-part.ts';

describePeer('minio', 'on MinIO', () => {
  test('a part on a connection that crawls comes by another one', async () => {
    const peer = await startMinio();
    try {
      await vi.waitFor(() => createPeerBucket(peer, 'late'), { timeout: 20_000, interval: 100 });
      await pushOverOneSlowConnection({ ...peer, bucket: 'late', credentials: peer });
    } finally {
      await peer.close();
    }
  });
});
