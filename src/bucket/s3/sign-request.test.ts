import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeKey, formatQuery } from './s3-uri.ts';
import { emptyPayload, presignUrl, signRequest, type SigningScope, unsignedPayload } from './sign-request.ts';

/** Amazon S3, "Signature calculations": the credentials, time and requests of its examples. */
const scope: SigningScope = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  timeMs: Date.UTC(2013, 4, 24),
};
const host = 'https://examplebucket.s3.amazonaws.com';

function signatureOf(headers: Record<string, string>): string {
  return /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1] ?? '';
}

describe("Amazon's examples", () => {
  test('GET of an object with a range', () => {
    const request = { method: 'GET', url: new URL(`${host}/test.txt`), headers: { range: 'bytes=0-9' } };
    expect(signRequest(request, emptyPayload, scope)).toEqual({
      range: 'bytes=0-9',
      'x-amz-content-sha256': emptyPayload,
      'x-amz-date': '20130524T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    });
  });

  test('PUT of an object whose key needs encoding', () => {
    const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    const payload = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072';
    const signed = signRequest({ method: 'PUT', url: new URL(`${host}/test$file.text`), headers }, payload, scope);
    expect(signatureOf(signed)).toBe('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd');
  });

  test.each([
    ['GET of a setting of the bucket', '?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
    ['GET of a listing', '?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  ])('%s', (_what, query, signature) => {
    const signed = signRequest({ method: 'GET', url: new URL(`${host}/${query}`), headers: {} }, emptyPayload, scope);
    expect(signatureOf(signed)).toBe(signature);
  });

  test('a presigned GET', () => {
    const url = presignUrl({ method: 'GET', url: new URL(`${host}/test.txt`), headers: {} }, 86_400, scope);
    expect(url.href).toBe(
      `${host}/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
    );
  });
});

const credentials = fc.record(
  {
    accessKeyId: fc.stringMatching(/^[A-Z0-9]{1,30}$/),
    secretAccessKey: fc.string({ minLength: 1 }),
    sessionToken: fc.stringMatching(/^[A-Za-z0-9+/=]{1,60}$/),
  },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);
const scopes: fc.Arbitrary<SigningScope> = fc.record({
  credentials,
  region: fc.constantFrom('us-east-1', 'eu-central-1', 'auto'),
  timeMs: fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
});
const segment = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.stringMatching(/^[ a-z:+~%&='"()!*#?$@,;.-]+$/))
  .filter((text) => text.isWellFormed() && !['.', '..'].includes(text) && !text.includes('/'));
/** Keys with anything in them, two slashes in a row included. */
const keys = fc.array(fc.oneof(segment, fc.constant('')), { minLength: 1, maxLength: 5 }).map((segments) => segments.join('/'));
const requests = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'DELETE'),
  key: keys,
  query: fc.dictionary(
    fc.stringMatching(/^[a-zA-Z-]{1,12}$/),
    fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
  ),
  headers: fc.dictionary(fc.stringMatching(/^x-amz-(meta|copy)-[a-z-]{0,10}$/), fc.stringMatching(/^[ -~]{0,40}$/)),
});

function theirs({ credentials: { expiration: _, sessionToken, ...keys }, region }: SigningScope): SignatureV4 {
  const credentials = sessionToken === undefined ? keys : { ...keys, sessionToken };
  return new SignatureV4({ credentials, region, service: 's3', sha256: Sha256, uriEscapePath: false, applyChecksum: false });
}

describe('against @smithy/signature-v4', () => {
  function describeUrl(key: string, query: Record<string, string>): { url: URL; path: string } {
    const path = `/${encodeKey(key)}`;
    return { url: new URL(`https://bucket.s3.test:8443${path}?${formatQuery(query)}`), path };
  }

  test('headers are signed alike, whatever the key, the query and the headers', async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        scopes,
        fc.constantFrom(emptyPayload, unsignedPayload),
        async ({ method, key, query, headers }, scope, payload) => {
          const { url, path } = describeUrl(key, query);
          const request = new HttpRequest({
            method,
            hostname: 'bucket.s3.test',
            path,
            query,
            headers: { ...headers, host: url.host, 'x-amz-content-sha256': payload },
          });
          const wanted = await theirs(scope).sign(request, { signingDate: new Date(scope.timeMs) });
          const signed = signRequest({ method, url, headers }, payload, scope);
          expect(signed['authorization']).toBe(wanted.headers['authorization']);
          expect(signed['x-amz-security-token']).toBe(wanted.headers['x-amz-security-token']);
        },
      ),
    );
  });

  test('URLs are presigned alike', async () => {
    await fc.assert(
      fc.asyncProperty(requests, scopes, fc.integer({ min: 1, max: 604_800 }), async ({ method, key, query }, scope, expiresIn) => {
        const { url, path } = describeUrl(key, query);
        const request = new HttpRequest({
          method,
          hostname: 'bucket.s3.test',
          path,
          query,
          headers: { host: url.host, 'x-amz-content-sha256': unsignedPayload },
        });
        const unhoistableHeaders = new Set(['x-amz-content-sha256']);
        const unsignableHeaders = unhoistableHeaders;
        const wanted = await theirs(scope).presign(request, {
          expiresIn,
          signingDate: new Date(scope.timeMs),
          unhoistableHeaders,
          unsignableHeaders,
        });
        const signed = presignUrl({ method, url, headers: {} }, expiresIn, scope);
        expect(Object.fromEntries(signed.searchParams)).toEqual({ ...wanted.query });
      }),
    );
  });
});

test('a URL is sent as it was signed: nothing on the way to the wire changes a path or a query of ours', () => {
  fc.assert(
    fc.property(requests, ({ key, query }) => {
      const text = `https://h/${encodeKey(key)}?${formatQuery(query)}`;
      const { href, pathname, search } = new URL(text);
      expect(href === text || search === '').toBe(true);
      expect(decodeURIComponent(pathname.slice(1))).toBe(key);
    }),
  );
});

test('another day, secret or region gives another signature', () => {
  const request = { method: 'GET', url: new URL(`${host}/a`), headers: {} };
  const others: SigningScope[] = [
    scope,
    { ...scope, timeMs: scope.timeMs + 86_400_000 },
    { ...scope, region: 'eu-west-1' },
    { ...scope, credentials: { ...scope.credentials, secretAccessKey: 'other' } },
  ];
  expect(new Set(others.map((scope) => signatureOf(signRequest(request, emptyPayload, scope)))).size).toBe(4);
});
