import type { TransferEngine } from '../parallel/transfer-engine.ts';
import type { MirrorJob, MirrorManner } from '../mirror/mirror-job.ts';
import { mirror, type MirrorOptions } from '../mirror/mirror.ts';
import type { MirrorReport } from '../mirror/mirror-report.ts';
import { createQuotas } from '../mirror/quotas.ts';
import { ensureBucketFormat } from '../registry/bucket-format.ts';
import { openRepository } from '../registry/repository.ts';
import { systemClock } from '../streams/clock.ts';
import { formatPlace } from '../transports/place.ts';
import { createSharedBlobs } from '../transports/shared-blobs.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { openMirrorSource } from './open-mirror-source.node.ts';
import { openMirrorTarget } from './open-mirror-target.ts';
import { openBucket, openWritableBucket } from './open-bucket.node.ts';
import { openUploadJournal } from './open-upload-journal.node.ts';
import type { ResolvedBucketPlace } from './resolve-place.node.ts';

/** How a bucket is kept in step with registries. */
export interface RunMirrorOptions extends MirrorManner, Pick<MirrorOptions, 'concurrency' | 'onRepository'> {
  readonly connection: ConnectionOptions;
  readonly engine: TransferEngine;
  readonly partSizeBytes: number | undefined;
  /** See `createQuotas`. */
  readonly rateLimitFloor: number;
}

/** Mirrors repositories into one bucket, with one engine and one memory of its blobs for them all. */
export async function runMirror(
  jobs: readonly MirrorJob[],
  address: ResolvedBucketPlace['address'],
  { connection, engine, partSizeBytes, rateLimitFloor, ...options }: RunMirrorOptions,
): Promise<MirrorReport> {
  const opening = { ...connection, signal: options.signal, engine };
  const { bucket, format: found } = options.isDryRun
    ? { bucket: await openBucket(address, opening), format: undefined }
    : await openWritableBucket(address, opening, async () => undefined);
  try {
    // Once for all images
    const format = options.isDryRun ? undefined : (found ?? (await ensureBucketFormat(bucket, systemClock, { signal: options.signal })));
    const journal = await openUploadJournal(address, bucket.location, connection.environment);
    const blobs = createSharedBlobs();
    const quotas = createQuotas(rateLimitFloor);
    return await mirror(jobs, {
      ...options,
      quotas,
      openSource: (job) => openMirrorSource(job, connection, quotas),
      openTarget: ({ target: name }) => {
        const repository = openRepository(bucket, name, { ...engine, partSizeBytes, journal });
        return openMirrorTarget(repository, { blobs, format, location: formatPlace({ kind: 'bucket', address, repository: name }) });
      },
    });
  } finally {
    await bucket.close();
  }
}
