import type { BucketAdmin, PublicAccessBlock } from '../bucket/bucket-admin.ts';
import type { RequestOptions } from '../bucket/bucket.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { RegistryError } from '../errors/registry-error.ts';
import { addPublicRead } from './bucket-policies.ts';

export interface MakePublicOptions extends RequestOptions {
  /** The bucket's own name, as policies spell it. */
  readonly bucketName: string;
  /** Lift what of S3's public access block forbids a public policy. */
  readonly liftPublicAccessBlock: boolean;
}

/**
 * Lets everyone read what clients read of a bucket: adds a statement to its policy. S3's public access block stands against that on every new bucket; it is lifted only when
 * asked, and only those two of its four switches that are about policies.
 * @returns what was done, a sentence each
 * @throws RegistryError `usage-invalid` where the store knows no policies
 * @throws BucketError `access-denied` where the block stands and is not to be lifted
 */
export async function makePublic(admin: BucketAdmin, options: MakePublicOptions): Promise<readonly string[]> {
  const { bucketName, liftPublicAccessBlock, signal } = options;
  if (!admin.getPolicy || !admin.putPolicy) {
    throw new RegistryError('usage-invalid', `Cannot make "${bucketName}" public by a policy: its store has none`, {
      hint: 'Such stores (R2, for one) make a bucket public in their own settings. Record the address there with --public-url.',
    });
  }
  const done: string[] = [];
  const block = await admin.getPublicAccessBlock?.({ signal });
  if (block && (block.blockPublicPolicy || block.restrictPublicBuckets)) {
    if (!liftPublicAccessBlock) throw blocked(bucketName);
    await admin.putPublicAccessBlock?.(liftForPolicies(block), { signal });
    done.push("Lifted the bucket's block of public policies; that of public ACLs stays as it was.");
  }
  await admin.putPolicy(addPublicRead(await admin.getPolicy({ signal }), bucketName), { signal });
  done.push('Let everyone read v2/ (the images), and nothing else.');
  return done;
}

/** Public access by ACLs is not needed: what forbids it stays. */
function liftForPolicies(block: PublicAccessBlock): PublicAccessBlock {
  return { ...block, blockPublicPolicy: false, restrictPublicBuckets: false };
}

function blocked(bucketName: string): BucketError {
  return new BucketError('access-denied', `Cannot make "${bucketName}" public: its public access block forbids public policies`, {
    hint: 'S3 sets this block on every new bucket, so that none becomes public by accident. If everyone may read the images of this one, add --lift-public-access-block.',
  });
}
