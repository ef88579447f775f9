import { onTestFinished, test } from 'vitest';
import { startS3Server } from '../s3-server/server.ts';
import { pushOverOneSlowConnection } from './late-part.ts';

test('a part on a connection that crawls comes by another one', { timeout: 60_000 }, async () => {
  const server = await startS3Server({ buckets: ['pub'] });
  onTestFinished(() => server.close());
  await pushOverOneSlowConnection({ endpoint: server.endpoint, region: server.region, bucket: 'pub', credentials: server.credentials });
});
