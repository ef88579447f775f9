import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveBucket, resolveBucketPlace, resolvePlace } from './resolve-place.node.ts';

let home = '';
const configure = async (text: string): Promise<{ XDG_CONFIG_HOME: string }> => {
  const folder = await mkdtemp(join(home, 'config-'));
  await mkdir(join(folder, 'bucketry'));
  await writeFile(join(folder, 'bucketry', 'config.json'), text);
  return { XDG_CONFIG_HOME: folder };
};

beforeAll(async () => void (home = await mkdtemp(join(tmpdir(), 'bucketry-places-'))));
afterAll(() => rm(home, { recursive: true }));

describe('resolvePlace', () => {
  it('puts a bare name into the bucket that was given, else the configured one, else the embedded one', async () => {
    const configured = await configure('{"bucket":"s3://configured"}');
    const [given, fromFile, embedded] = [
      await resolvePlace('app:1', { bucket: 'file:x', environment: configured }),
      await resolvePlace('app:1', { environment: configured }),
      await resolvePlace('app:1', { environment: { XDG_CONFIG_HOME: join(home, 'none') } }),
    ];
    expect(given).toMatchObject({ address: { kind: 'file', path: 'x' }, repository: 'app', tag: '1' });
    expect(fromFile).toMatchObject({ address: { kind: 's3', bucket: 'configured' } });
    expect(embedded).toMatchObject({ address: { kind: 'file', path: './.bucketry/bucket' } });
  });

  it('reads no configuration for a place that says where it is', async () => {
    const environment = await configure('not JSON');
    expect(await resolvePlace('s3://bucket/app:1', { bucket: '%', environment })).toMatchObject({
      address: { kind: 's3', bucket: 'bucket' },
    });
  });

  it.each([
    ['not JSON', 'no JSON object'],
    ['null', 'no JSON object'],
    ['{"bucket":1}', '"bucket" is not a text'],
    ['{"bucket":""}', '"bucket" is not a text'],
    ['{"buckets":"s3://b"}', '"buckets" is not known'],
  ])('refuses the configuration %j, and says what of it', async (text, found) => {
    const message = expect.stringContaining(found);
    await expect(resolvePlace('app:1', { environment: await configure(text) })).rejects.toMatchObject({ code: 'usage-invalid', message });
  });

  it.each(['app', 's3://bucket/app', 'oci:dir', ''])('refuses %j as the default bucket', async (bucket) => {
    await expect(resolvePlace('app:1', { bucket, environment: {} })).rejects.toMatchObject({ code: 'reference-invalid' });
  });
});

describe('resolveBucketPlace and resolveBucket', () => {
  it('refuse what lies in no bucket', async () => {
    await expect(resolveBucketPlace('oci:dir', { environment: {} })).rejects.toMatchObject({ code: 'reference-invalid' });
    await expect(resolveBucket('docker://alpine', { environment: {} })).rejects.toMatchObject({ code: 'reference-invalid' });
  });

  it('want a bucket where a bucket is wanted', async () => {
    expect(await resolveBucket('s3://bucket', { environment: {} })).toMatchObject({ address: { bucket: 'bucket' } });
    await expect(resolveBucket('s3://bucket/app', { environment: {} })).rejects.toMatchObject({ code: 'reference-invalid' });
  });
});
