import { describe, expect, test } from 'vitest';
import type { Bucket } from '../../src/bucket/bucket.ts';
import { aroundBucket } from '../../src/bucket/decorators/around-bucket.ts';
import type { UploadedPart } from '../../src/bucket/multipart-uploads.ts';
import type { ObjectKey } from '../../src/bucket/object-key.ts';
import { BucketError } from '../../src/errors/bucket-error.ts';
import { bytesSource } from '../../src/streams/byte-source.ts';
import { addLayoutImage } from '../../src/transports/layout-folder.node.ts';
import type { FaultMode } from '../s3-server/faults.ts';
import { findOperation, type FaultOperation, graph, index, type World } from './fault-operations.ts';
import { credentials } from './fault-stage.ts';
import { fillTable } from './fault-table.ts';

/** A mistake that someone could make, what of the table finds it, and by which words. */
interface Mutation {
  readonly mistake: string;
  readonly operation: string;
  readonly modes: readonly FaultMode[];
  readonly mutate: (run: FaultOperation['run'], world: World) => Promise<void>;
  readonly finding: RegExp;
}

const mutations: readonly Mutation[] = [
  {
    mistake: 'a pusher tags before the manifests are there',
    operation: 'push over a tag',
    modes: ['error-500'],
    async mutate(run, world) {
      const bytes = graph.manifests.get(index.digest) ?? new Uint8Array();
      await world.bucket.put('v2/team/app/manifests/1.0' as ObjectKey, bytesSource(bytes), { contentType: index.mediaType });
      await run(world);
    },
    finding: /manifests\/1\.0: leads to .* which is missing/,
  },
  {
    mistake: 'a target completes an upload that it has not verified',
    operation: 'push of a large layer',
    modes: ['error-500'],
    mutate: (run, world) => run({ ...world, bucket: completeWhatever(world.bucket) }),
    finding: /blobs\/sha256:.*: holds other bytes than its digest says/,
  },
  {
    mistake: 'a list that could not be written is taken for written',
    operation: 'tag',
    modes: ['slow-down-503'],
    mutate: (run, world) => run({ ...world, bucket: forgetList(world.bucket) }),
    finding: /tags\/list: differs from an undisturbed run/,
  },
  {
    mistake: 'a pull writes its refs before the blobs',
    operation: 'pull',
    modes: ['reset-before'],
    async mutate(run, world) {
      await addLayoutImage(world.folder, index, { 'org.opencontainers.image.ref.name': '1.0' });
      await run(world);
    },
    finding: /failed, and changed the refs of the layout/,
  },
  {
    mistake: 'an error says what it signed with',
    operation: 'rm of a tag',
    modes: ['reset-after'],
    mutate: (run, world) => run(world).catch((error: unknown) => leak(error)),
    finding: /says a signature/,
  },
  {
    mistake: 'an error says a secret in its cause only',
    operation: 'rm of a tag',
    modes: ['reset-after'],
    mutate: (run, world) => run(world).catch((error: unknown) => leakInCause(error)),
    finding: /says the secret access key/,
  },
  {
    mistake: 'an error has no code',
    operation: 'rm of a tag',
    modes: ['error-500'],
    async mutate(run, world) {
      await run(world).catch(() => {
        throw new TypeError('Cannot read properties of undefined');
      });
    },
    finding: /failed with no code/,
  },
  {
    mistake: 'a command that failed leaves a lock, which stops the next',
    operation: 'tag',
    modes: ['reset-after'],
    async mutate(run, world) {
      const lock = '_bucketry/lock' as ObjectKey;
      await world.bucket.put(lock, bytesSource(new Uint8Array()), { ifNoneMatch: '*' });
      await run(world);
      await world.bucket.delete(lock);
    },
    finding: /failed again, without a fault/,
  },
];

describe('the fault table finds that', () => {
  test.each(mutations)('$mistake', async ({ operation: name, modes, mutate, finding }) => {
    const operation = findOperation(name);
    const cells = await fillTable({ ...operation, run: (world) => mutate(operation.run, world) }, { stores: ['aws'], modes });
    expect(cells.flatMap(({ violations }) => violations).filter((violation) => finding.test(violation))).not.toEqual([]);
  });

  test('and finds nothing where there is no mistake', async () => {
    const cells = await fillTable(findOperation('rm of a tag'), { stores: ['aws'], modes: ['reset-after'] });
    expect(cells).toMatchObject([{ violations: [] }]);
    expect(cells[0]?.points).toBeGreaterThan(10);
  });
});

/** Makes an object of the parts that were sent, when one cannot be. */
function completeWhatever(bucket: Bucket): Bucket {
  const { multipart } = bucket;
  if (!multipart) return bucket;
  const sent: UploadedPart[] = [];
  return {
    ...bucket,
    multipart: {
      ...multipart,
      async putPart(upload, partNumber, body, options) {
        try {
          const part = await multipart.putPart(upload, partNumber, body, options);
          sent.push(part);
          return part;
        } catch (error) {
          if (sent.length > 0) await multipart.complete(upload, sent);
          throw error;
        }
      },
    },
  };
}

function forgetList(bucket: Bucket): Bucket {
  return aroundBucket(bucket, {
    async call({ key, name }, run) {
      if (name !== 'put' || key?.endsWith('/tags/list') !== true) return run();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the ETag that a put gives, of a put that was not
      return run().catch(() => ({ etag: '"none"' }) as Awaited<ReturnType<typeof run>>);
    },
    iterate: (_, open) => open(),
  });
}

function leak(error: unknown): never {
  const url = `https://images.s3.amazonaws.com/v2/?X-Amz-Signature=${'ab'.repeat(32)}`;
  throw new BucketError('connection-failed', `Cannot talk to ${url}: it broke off`, { cause: error });
}

function leakInCause(error: unknown): never {
  const cause = new Error(`signed with ${credentials.secretAccessKey}`, { cause: error });
  throw new BucketError('connection-failed', 'Cannot talk to the store: it broke off', { cause });
}
