import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { folderTest as it } from '../../test/images/folder-test.ts';
import { resolveS3Settings } from './aws-profile.node.ts';

const config = `
[default]
region = us-west-2
[profile images]
region = eu-central-1
endpoint_url = https://all.example
services = store
[services store]
s3 =
  endpoint_url = https://s3.example
`;

it('finds region and endpoint of the profile, after the place and the environment', async ({ folder }) => {
  await mkdir(join(folder, '.aws'));
  await writeFile(join(folder, '.aws', 'config'), config);
  const find = async (environment: Record<string, string>, address: { region?: string } = {}) => {
    const { place } = await resolveS3Settings({ kind: 's3', bucket: 'b', ...address }, { HOME: folder, ...environment });
    return [place.region, place.endpoint];
  };
  expect(await find({})).toEqual(['us-west-2', undefined]);
  expect(await find({ AWS_PROFILE: 'images' })).toEqual(['eu-central-1', 'https://s3.example']);
  expect(await find({ AWS_PROFILE: 'images', AWS_ENDPOINT_URL: 'http://env' })).toEqual(['eu-central-1', 'http://env']);
  expect(await find({ AWS_PROFILE: 'images', AWS_REGION: 'env' }, { region: 'own' })).toEqual(['own', 'https://s3.example']);
  expect(await find({ AWS_PROFILE: 'none' })).toEqual(['us-east-1', undefined]);
  expect(await find({ AWS_CONFIG_FILE: join(folder, 'none') })).toEqual(['us-east-1', undefined]);
});

it("leaves R2 to R2's own settings", async ({ folder }) => {
  await writeFile(join(folder, 'config'), config);
  const environment = { AWS_CONFIG_FILE: join(folder, 'config'), AWS_PROFILE: 'images', R2_ACCOUNT_ID: 'acc' };
  expect((await resolveS3Settings({ kind: 'r2', bucket: 'b' }, environment)).place).toMatchObject({
    region: 'auto',
    endpoint: 'https://acc.r2.cloudflarestorage.com',
  });
});
