import { describe, expect, it } from 'vitest';
import type { BucketAdmin, LifecycleRule } from '../bucket/bucket-admin.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket, type MemoryBucketOptions } from '../bucket/memory/memory-bucket.ts';
import { toObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import { formatKey } from '../layout/keys.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { type BucketReport, examineBucket } from './examine-bucket.ts';

const makeProbeKey = (name: string) => formatKey({ kind: 'staging', id: `probe-test-${name}` });
const format = { version: 1 };
const aborting: LifecycleRule = { id: 'a', prefix: '', removesObjects: false, abortsUploads: true, removesVersions: false };
const admin: BucketAdmin = { bucketExists: async () => true };

interface Given extends MemoryBucketOptions {
  readonly admin?: Partial<BucketAdmin>;
  readonly isReadOnly?: boolean;
  readonly keys?: readonly string[];
  readonly isNew?: boolean;
}

async function examine({ admin: members, isReadOnly = false, keys = [], isNew = false, ...options }: Given): Promise<BucketReport> {
  const bucket = createMemoryBucket(options);
  for (const key of keys) await bucket.put(toObjectKey(key), bytesSource(new Uint8Array()));
  const report = await examineBucket({
    bucket,
    admin: { ...admin, ...members },
    format: isNew ? undefined : format,
    makeProbeKey: isReadOnly ? undefined : makeProbeKey,
  });
  expect((await listKeys(bucket)).toSorted()).toEqual(keys.toSorted());
  return report;
}

async function listKeys(bucket: Bucket): Promise<string[]> {
  const keys: string[] = [];
  for await (const entry of bucket.list()) if (entry.kind === 'object') keys.push(entry.key);
  return keys;
}

const idsOf = ({ problems }: BucketReport): readonly string[] => problems.map(({ id }) => id);

describe('examineBucket', () => {
  it('has nothing to say of a good bucket, and leaves nothing in it', async () => {
    const report = await examine({ admin: { getLifecycleRules: async () => [aborting], keepsVersions: async () => false } });
    expect(report).toMatchObject({ problems: [], unseen: [], store: { conditionalPut: 'atomic' } });
  });

  it('writes nothing where it may not', async () => {
    expect(await examine({ isReadOnly: true, isNew: true })).toMatchObject({ store: undefined, problems: [{ id: 'not-initialised' }] });
  });

  it('tells what the store lacks', async () => {
    const lacking = { abilities: { conditionalPut: 'ignored' }, quirks: { lacksMultipart: true } } as const;
    expect(idsOf(await examine(lacking))).toEqual(['no-conditions', 'no-multipart']);
  });

  it('tells a store that takes other bytes than were announced', async () => {
    const inner = createMemoryBucket();
    const bucket: Bucket = { ...inner, put: (key, body, options) => inner.put(key, body, { ...options, sha256: undefined }) };
    expect(idsOf(await examineBucket({ bucket, admin: undefined, format, makeProbeKey }))).toEqual(['checksums-unverified']);
  });

  it('tells credentials that may not write', async () => {
    const bucket: Bucket = {
      ...createMemoryBucket(),
      put: async () => {
        throw new BucketError('access-denied', 'Cannot put');
      },
    };
    const report = await examineBucket({ bucket, admin: undefined, format, makeProbeKey });
    expect(report).toMatchObject({ store: undefined, problems: [{ id: 'store-refuses' }] });
  });

  it.each([
    ['', true],
    ['v2/', true],
    ['v', true],
    ['v2/team/', true],
    ['_bucketry/repositories/', true],
    ['backups/', false],
  ])('tells of a rule that expires %j: %s', async (prefix, isTold) => {
    const rules = [aborting, { ...aborting, id: 'x', prefix, removesObjects: true }];
    expect(idsOf(await examine({ admin: { getLifecycleRules: async () => rules } })).includes('images-expire')).toBe(isTold);
  });

  it('tells of unfinished uploads and old versions that nothing removes', async () => {
    const settings = { getLifecycleRules: async () => [], keepsVersions: async () => true };
    expect(idsOf(await examine({ admin: settings }))).toEqual(['no-abort-rule', 'versions-kept']);
  });

  it('tells of a policy that lets everyone write, and of a block, unless a domain of its own stands before the bucket', async () => {
    const block = { blockPublicAcls: true, ignorePublicAcls: true, blockPublicPolicy: true, restrictPublicBuckets: true };
    const policy = '{"Statement":[{"Sid":"Open","Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}';
    const settings = { ...admin, getPolicy: async () => policy, getPublicAccessBlock: async () => block };
    expect(idsOf(await examine({ admin: settings }))).toEqual(['writable-by-all', 'public-access-blocked']);
    const behind = { ...format, publicUrl: 'https://img.example' };
    const report = await examineBucket({ bucket: createMemoryBucket(), admin: settings, format: behind, makeProbeKey: undefined });
    expect(idsOf(report)).toEqual(['writable-by-all']);
  });

  it('tells of keys that the format does not have', async () => {
    const report = await examine({ keys: ['_bucketry/format', '_bucketry/credentials.json', 'v2/'] });
    expect(report.problems).toMatchObject([{ id: 'strange-keys', seen: expect.stringContaining('credentials.json') as unknown }]);
  });

  it('says what it may not look at, and goes on', async () => {
    const getPolicy = async (): Promise<never> => {
      throw new BucketError('access-denied', 'Cannot read the policy');
    };
    const report = await examine({ admin: { getPolicy, getLifecycleRules: async () => [] } });
    expect(report).toMatchObject({ unseen: ['Cannot read the policy'], problems: [{ id: 'no-abort-rule' }] });
  });
});
