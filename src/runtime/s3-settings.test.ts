import { describe, expect, it } from 'vitest';
import { findS3Settings } from './s3-settings.ts';

const s3 = { kind: 's3', bucket: 'b' } as const;
const r2 = { kind: 'r2', bucket: 'b' } as const;

describe('findS3Settings', () => {
  it("takes the place's own words before the environment's", () => {
    const environment = { AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL_S3: 'http://env' };
    const address = { ...s3, region: 'eu-central-1', endpoint: 'http://own', pathStyle: true };
    expect(findS3Settings(address, environment).place).toEqual({
      bucket: 'b',
      region: 'eu-central-1',
      endpoint: 'http://own',
      pathStyle: true,
    });
  });

  it.each([
    [{}, 'us-east-1', undefined],
    [{ AWS_DEFAULT_REGION: 'd' }, 'd', undefined],
    [{ AWS_REGION: 'r', AWS_DEFAULT_REGION: 'd' }, 'r', undefined],
    [{ AWS_REGION: '', AWS_DEFAULT_REGION: 'd' }, 'd', undefined],
    [{ AWS_ENDPOINT_URL: 'http://all' }, 'us-east-1', 'http://all'],
    [{ AWS_ENDPOINT_URL: 'http://all', AWS_ENDPOINT_URL_S3: 'http://s3' }, 'us-east-1', 'http://s3'],
  ])('with %j finds region %s and endpoint %s', (environment, region, endpoint) => {
    expect(findS3Settings(s3, environment).place).toMatchObject({ region, endpoint });
  });

  it('finds the account and the keys of R2', () => {
    const environment = { CLOUDFLARE_ACCOUNT_ID: 'acc', R2_ACCESS_KEY_ID: 'id', R2_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1' };
    expect(findS3Settings(r2, environment)).toEqual({
      place: { scheme: 'r2', bucket: 'b', region: 'auto', endpoint: 'https://acc.r2.cloudflarestorage.com', pathStyle: undefined },
      keys: { accessKeyId: 'id', secretAccessKey: 'secret' },
    });
    expect(findS3Settings(r2, { R2_ACCOUNT_ID: 'acc', R2_ACCESS_KEY_ID: 'id' }).keys).toBeUndefined();
  });

  it.each([{}, { R2_ACCOUNT_ID: 'evil.example/x' }])('asks for the account of R2 where %j names none', (environment) => {
    expect(() => findS3Settings(r2, environment)).toThrow(expect.objectContaining({ code: 'location-invalid' }));
  });
});
