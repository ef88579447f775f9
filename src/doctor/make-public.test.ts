import { describe, expect, it } from 'vitest';
import type { BucketAdmin, PublicAccessBlock } from '../bucket/bucket-admin.ts';
import { makePublic } from './make-public.ts';

const everything: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
};

/** The settings of a bucket, as S3 keeps them: a public policy is refused while the block stands. */
function createSettings(block: PublicAccessBlock | undefined, policy?: string) {
  const settings = { block, policy };
  const admin: BucketAdmin = {
    bucketExists: async () => true,
    getPolicy: async () => settings.policy,
    putPolicy: async (text) => {
      if (settings.block?.blockPublicPolicy) throw new Error('S3 refuses');
      settings.policy = text;
    },
    getPublicAccessBlock: async () => settings.block,
    putPublicAccessBlock: async (next) => void (settings.block = next),
  };
  return { settings, admin };
}

describe('makePublic', () => {
  it('adds the statement to the policy that is there', async () => {
    const { settings, admin } = createSettings(undefined, '{"Version":"2012-10-17","Statement":[{"Sid":"Mine"}]}');
    await makePublic(admin, { bucketName: 'pub', liftPublicAccessBlock: false });
    expect(JSON.parse(settings.policy ?? '')).toMatchObject({ Statement: [{ Sid: 'Mine' }, { Sid: 'BucketryPublicRead' }] });
  });

  it('explains the public access block, and changes nothing, unless asked to lift it', async () => {
    const { settings, admin } = createSettings(everything);
    const refused = makePublic(admin, { bucketName: 'pub', liftPublicAccessBlock: false });
    await expect(refused).rejects.toMatchObject({ code: 'access-denied', hint: expect.stringContaining('--lift-public-access-block') });
    expect(settings).toEqual({ block: everything, policy: undefined });
  });

  it('lifts what is about policies, and nothing of what is about ACLs', async () => {
    const { settings, admin } = createSettings(everything);
    const done = await makePublic(admin, { bucketName: 'pub', liftPublicAccessBlock: true });
    expect(settings.block).toEqual({ ...everything, blockPublicPolicy: false, restrictPublicBuckets: false });
    expect(settings.policy).toContain('BucketryPublicRead');
    expect(done).toHaveLength(2);
  });

  it('leaves a block alone that is about ACLs only', async () => {
    const block = { ...everything, blockPublicPolicy: false, restrictPublicBuckets: false };
    const { settings, admin } = createSettings(block);
    expect(await makePublic(admin, { bucketName: 'pub', liftPublicAccessBlock: false })).toHaveLength(1);
    expect(settings.block).toBe(block);
  });

  it('says how other stores do it', async () => {
    const admin: BucketAdmin = { bucketExists: async () => true };
    await expect(makePublic(admin, { bucketName: 'pub', liftPublicAccessBlock: true })).rejects.toMatchObject({ code: 'usage-invalid' });
  });
});
