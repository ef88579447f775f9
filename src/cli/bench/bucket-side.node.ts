import type { BucketTraces } from '../../bench/bucket-traces.ts';
import type { CommandLine, Contestant } from '../../bench/contestant.ts';
import { createAws, createS5cmd, type ObjectPeerOptions } from '../../bench/object-peers.ts';
import { createParallelPush, createSequentialPush, type OwnOptions } from '../../bench/own-contestants.ts';
import { formatKey } from '../../layout/keys.ts';
import { parseTag, type RepositoryName } from '../../oci/repository-name.ts';
import { resolveS3Settings } from '../../runtime/aws-profile.node.ts';
import type { ResolvedBucketPlace } from '../../runtime/resolve-place.node.ts';
import { formatPlace } from '../../transports/place.ts';
import type { Environment } from '../environment.ts';
import type { PeerName } from './bench-places.ts';

export interface BucketSideOptions {
  readonly bucketry: CommandLine;
  /** Flags for bucketry's connections. */
  readonly connection: readonly string[];
  readonly address: ResolvedBucketPlace['address'];
  /** Nobody else's. */
  readonly repository: RepositoryName;
  readonly traces: BucketTraces;
  readonly environment: Environment;
}

/** Those who push images into the bucket. */
export function createBucketPushes({ bucketry, connection, address, repository, traces }: BucketSideOptions): readonly Contestant[] {
  const options: OwnOptions = {
    bucketry,
    connection,
    locate: ({ run }) => formatPlace({ kind: 'bucket', address, repository, tag: parseTag(run) }),
    remove: async ({ image }, signal) => {
      await traces.removeImage(image, signal);
      return [];
    },
  };
  return [createSequentialPush(options), createParallelPush(options)];
}

/**
 * Those who put an object into it; none where the bucket is no store's. Objects lie where blobs wait whose digest is not known yet: whoever may push may write there, and what is
 * forgotten there is cleaned up.
 */
export async function createObjectPeers({
  address,
  traces,
  environment,
}: BucketSideOptions): Promise<Partial<Record<PeerName, Contestant>>> {
  if (address.kind !== 's3' && address.kind !== 'r2') return {};
  const { place, keys } = await resolveS3Settings(address, environment);
  const options: ObjectPeerOptions = {
    locate: ({ run }) => `s3://${address.bucket}/${formatKey({ kind: 'staging', id: run })}`,
    endpoint: place.endpoint === undefined ? undefined : String(place.endpoint),
    region: place.region,
    environment: keys
      ? {
          AWS_ACCESS_KEY_ID: keys.accessKeyId,
          AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
          AWS_SESSION_TOKEN: undefined,
          AWS_PROFILE: undefined,
        }
      : {},
    remove: async ({ run }, signal) => {
      await traces.removeObject(formatKey({ kind: 'staging', id: run }), signal);
      return [];
    },
  };
  return { s5cmd: createS5cmd(options), aws: createAws(options) };
}
