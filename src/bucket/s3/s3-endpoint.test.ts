import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from '../../../test/coded-errors.ts';
import { createFetchHttpClient } from '../../http/fetch-http-client.ts';
import { systemClock } from '../../streams/clock.ts';
import { toObjectKey } from '../object-key.ts';
import { staticCredentials } from './credentials-provider.ts';
import { openS3Bucket } from './s3-bucket.ts';
import { resolveS3Endpoint, type S3Place } from './s3-endpoint.ts';

const place: S3Place = { bucket: 'images', region: 'eu-central-1' };

describe('resolveS3Endpoint', () => {
  test.each<[string, S3Place, string]>([
    ["AWS's host of the region and bucket", place, 'https://images.s3.eu-central-1.amazonaws.com/k'],
    ['that of China', { ...place, region: 'cn-north-1' }, 'https://images.s3.cn-north-1.amazonaws.com.cn/k'],
    [
      'a path, where the name would break the certificate',
      { ...place, bucket: 'my.images' },
      'https://s3.eu-central-1.amazonaws.com/my.images/k',
    ],
    ['a path, where the name is no host name', { ...place, bucket: 'My_Images' }, 'https://s3.eu-central-1.amazonaws.com/My_Images/k'],
    ['a path, where it is asked for', { ...place, pathStyle: true }, 'https://s3.eu-central-1.amazonaws.com/images/k'],
    [
      'a host below an endpoint',
      { ...place, endpoint: 'https://abc.r2.cloudflarestorage.com' },
      'https://images.abc.r2.cloudflarestorage.com/k',
    ],
    ['a host with dots where there is no certificate', { ...place, bucket: 'a.b', endpoint: 'http://s3.test' }, 'http://a.b.s3.test/k'],
    ['a path below an address', { ...place, endpoint: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000/images/k'],
    ['a path below an IPv6 address', { ...place, endpoint: 'http://[::1]:9000' }, 'http://[::1]:9000/images/k'],
    ['a path below localhost', { ...place, endpoint: 'http://localhost:9000/' }, 'http://localhost:9000/images/k'],
    [
      'a host below localhost, where it is asked for',
      { ...place, endpoint: 'http://localhost:9000', pathStyle: false },
      'http://images.localhost:9000/k',
    ],
    ['a path below a path', { ...place, endpoint: 'http://127.0.0.1/s3/' }, 'http://127.0.0.1/s3/images/k'],
  ])('gives %s', (_what, place, url) => {
    expect(resolveS3Endpoint(place).url('k').href).toBe(url);
  });

  test('gives the URL of the bucket itself, and queries', () => {
    expect(resolveS3Endpoint(place).url(undefined, { uploads: '', prefix: 'a b+ü' }).href).toBe(
      'https://images.s3.eu-central-1.amazonaws.com/?prefix=a%20b%2B%C3%BC&uploads=',
    );
    expect(resolveS3Endpoint({ ...place, pathStyle: true }).url().pathname).toBe('/images');
  });

  test.each<[string, Partial<S3Place>]>([
    ['a bucket name that is a path', { bucket: 'a/b' }],
    ['a bucket name that leads elsewhere', { bucket: '..' }],
    ['a bucket name with a host in it', { bucket: 'evil.test#' }],
    ['no bucket name', { bucket: '' }],
    ['a region that is a host', { region: 'evil.test/' }],
    ['an endpoint without a scheme', { endpoint: 's3.test' }],
    ['an endpoint of another scheme', { endpoint: 'ftp://s3.test' }],
    ['an endpoint with a password', { endpoint: 'https://user:secret@s3.test' }],
    ['an endpoint with a query', { endpoint: 'https://s3.test/?x=secret' }],
  ])('refuses %s', (_what, wrong) => {
    const resolve = (): unknown => resolveS3Endpoint({ ...place, ...wrong });
    expect(codeOf(resolve)).toBe('location-invalid');
    expect(resolve).not.toThrow(/secret/);
  });

  test.each(['a/../b', './a', 'a/.', '..'])('refuses the key %j, which a URL would make another of', (key) => {
    expect(codeOf(() => resolveS3Endpoint(place).url(key))).toBe('key-invalid');
  });

  test('gives every key a URL of its own, from which the key can be read again', () => {
    const endpoint = resolveS3Endpoint(place);
    const keys = fc.string({ unit: 'grapheme', minLength: 1 }).filter((key) => key.isWellFormed() && !/(^|\/)\.\.?(\/|$)/.test(key));
    fc.assert(
      fc.property(keys, (key) => {
        expect(decodeURIComponent(endpoint.url(key).pathname.slice(1))).toBe(key);
      }),
    );
  });
});

test('a region that AWS names is gone to at its own host, and stays', async () => {
  const hosts: string[] = [];
  const aws = async (url: string | URL | Request): Promise<Response> => {
    const { host } = new URL(url instanceof Request ? url.url : url);
    hosts.push(host);
    if (!host.includes('eu-west-1')) return new Response(null, { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } });
    return new Response(null, { status: 404 });
  };
  const http = createFetchHttpClient({ fetch: aws });
  const credentials = staticCredentials({ accessKeyId: 'id', secretAccessKey: 'secret' });
  const bucket = openS3Bucket({ bucket: 'images', region: 'us-east-1', credentials, http, clock: systemClock });
  expect(await bucket.head(toObjectKey('k'))).toBeUndefined();
  expect(await bucket.head(toObjectKey('k'))).toBeUndefined();
  // `push` reads the host of its pull line off this.
  const presigned = await bucket.presign?.(toObjectKey('k'), { method: 'GET', expiresInMs: 1000 });
  expect(presigned?.host).toBe('images.s3.eu-west-1.amazonaws.com');
  expect(hosts).toEqual(['images.s3.us-east-1.amazonaws.com', 'images.s3.eu-west-1.amazonaws.com', 'images.s3.eu-west-1.amazonaws.com']);
});
