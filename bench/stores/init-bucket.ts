import { lastLines, runCommand } from '../../test/peers/run-command.ts';
import type { BenchStore } from './bench-store.ts';
import { pushBucket } from './start-store.ts';

/** Makes the bucket ready, as whoever uses one does once. */
export async function initBucket(bucketry: string, store: BenchStore, signal: AbortSignal): Promise<void> {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: store.accessKeyId,
    AWS_SECRET_ACCESS_KEY: store.secretAccessKey,
    AWS_REGION: store.region,
  };
  const command = [process.execPath, bucketry, 'init', `s3://${pushBucket}?endpoint=${store.endpoint}`] as const;
  const { code, stderr } = await runCommand(command, { env, signal });
  if (code !== 0) throw new Error(`Cannot make the bucket ready: ${lastLines(stderr)}`);
}
