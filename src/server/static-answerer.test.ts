import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withFaults } from '../../test/contract/with-faults.ts';
import type { Bucket } from '../bucket/bucket.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { type ObjectKey, toObjectKey } from '../bucket/object-key.ts';
import { BucketError } from '../errors/bucket-error.ts';
import type { BucketErrorCode } from '../errors/codes.ts';
import { bytesSource } from '../streams/byte-source.ts';
import { answerStatic } from './static-answerer.ts';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const blob = toObjectKey('v2/team/app/blobs/sha256:ab');

describe('GET and HEAD', () => {
  it('answer what is stored, with its headers', async () => {
    const bucket = await fill();
    const response = await get(bucket, '/v2/team/app/manifests/1.0');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'no-cache',
      'content-length': '2',
      'content-type': manifestType,
      etag: (await bucket.head(toObjectKey('v2/team/app/manifests/1.0')))?.etag,
      'last-modified': expect.stringMatching(/GMT$/),
      'x-amz-meta-digest': 'sha256:ab',
    });
    expect(await response.text()).toBe('{}');
    const head = await get(bucket, '/v2/team/app/manifests/1.0', { method: 'HEAD' });
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(response.headers));
    expect(head.body).toBeNull();
  });

  it('ignore queries and decode the path', async () => {
    const bucket = await fill();
    for (const path of [
      '/v2/team/app/blobs/sha256:ab?ns=example.org&n=5',
      '/v2/team/app/blobs/sha256%3Aab',
      '/v2/team/./app/x/../blobs/sha256:ab',
    ]) {
      expect(await (await get(bucket, path)).text()).toBe('0123456789');
    }
  });

  it('answer the empty object at v2/, and nothing at v2', async () => {
    const bucket = await fill();
    const root = await get(bucket, '/v2/');
    expect([root.status, root.headers.get('content-type'), await root.text()]).toEqual([200, 'application/json', '']);
    expect((await get(bucket, '/v2')).status).toBe(404);
  });

  it('answer a missing key as S3 does: 404, or 403 where that is asked for', async () => {
    const bucket = await fill();
    const missing = await get(bucket, '/v2/team/app/blobs/sha256:<none>');
    expect([missing.status, missing.headers.get('content-type')]).toEqual([404, 'application/xml']);
    const xml = await missing.text();
    expect(xml).toContain('<Code>NoSuchKey</Code>');
    expect(xml).toContain('<Key>v2/team/app/blobs/sha256:&#60;none&#62;</Key>');
    const denied = await answerStatic(bucket, new Request('http://host/v2/none'), { missing: 403 });
    expect([denied.status, await denied.text()]).toEqual([403, expect.stringContaining('<Code>AccessDenied</Code>')]);
    expect(await (await get(bucket, '/v2/none', { method: 'HEAD' })).text()).toBe('');
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('are all there is: %s is not allowed', async (method) => {
    const response = await get(await fill(), '/v2/team/app/blobs/sha256:ab', { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });
});

describe('a range', () => {
  const cases: readonly [string, number, string | null, string][] = [
    ['bytes=2-4', 206, 'bytes 2-4/10', '234'],
    ['bytes=7-', 206, 'bytes 7-9/10', '789'],
    ['bytes=-3', 206, 'bytes 7-9/10', '789'],
    ['bytes=-300', 206, 'bytes 0-9/10', '0123456789'],
    ['bytes=8-400', 206, 'bytes 8-9/10', '89'],
    ['bytes=0-', 206, 'bytes 0-9/10', '0123456789'],
    ['bytes=0-9', 206, 'bytes 0-9/10', '0123456789'],
    ['bytes=0-0,2-3', 200, null, '0123456789'],
    ['bytes=4-2', 200, null, '0123456789'],
    ['lines=1-2', 200, null, '0123456789'],
  ];
  it.each(cases)('%s answers %i', async (range, status, contentRange, body) => {
    const response = await get(await fill(), `/${blob}`, { headers: { range } });
    expect([response.status, response.headers.get('content-range'), await response.text()]).toEqual([status, contentRange, body]);
    expect(response.headers.get('content-length')).toBe(String(body.length));
  });

  it.each(['bytes=10-', 'bytes=400-500', 'bytes=-0'])('%s cannot be satisfied', async (range) => {
    const response = await get(await fill(), `/${blob}`, { headers: { range } });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('counts only for the version that If-Range names', async () => {
    const bucket = await fill();
    const etag = (await bucket.head(blob))?.etag ?? '';
    expect((await get(bucket, `/${blob}`, { headers: { range: 'bytes=1-2', 'if-range': etag } })).status).toBe(206);
    expect((await get(bucket, `/${blob}`, { headers: { range: 'bytes=1-2', 'if-range': '"other"' } })).status).toBe(200);
  });

  it('is answered whole where the store behind ignores ranges', async () => {
    const bucket = await fill(createMemoryBucket({ quirks: { ignoresRange: true } }));
    const response = await get(bucket, `/${blob}`, { headers: { range: 'bytes=2-4' } });
    expect([response.status, await response.text()]).toEqual([200, '0123456789']);
  });
});

describe('a store whose HEAD and GET never agree on an ETag', () => {
  it('is given up after three looks, and the failure is told of', async () => {
    const bucket = await fill();
    const etags: unknown[] = [];
    const disagreeing: Bucket = {
      ...bucket,
      head: async (key, options) => ({ ...(await bucket.head(key, options))!, etag: `"head-${etags.length}"` }),
      get: (key, options) => {
        etags.push(options?.ifMatch);
        return bucket.get(key, options);
      },
    };
    const failures: unknown[] = [];
    const request = new Request(`http://host/${blob}`, { headers: { range: 'bytes=2-4' } });
    const response = await answerStatic(disagreeing, request, { missing: 404, onFailure: (error) => failures.push(error) });
    expect([response.status, etags]).toEqual([500, ['"head-0"', '"head-1"', '"head-2"']]);
    expect(failures).toEqual([expect.objectContaining({ code: 'response-invalid' })]);
  });
});

describe('a condition', () => {
  it('is held against the version that is there', async () => {
    const bucket = await fill();
    const etag = (await bucket.head(blob))?.etag ?? '';
    const cases: readonly [Record<string, string>, number][] = [
      [{ 'if-none-match': etag }, 304],
      [{ 'if-none-match': `"other", W/${etag}` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"other"' }, 200],
      [{ 'if-match': etag }, 200],
      [{ 'if-match': '*' }, 200],
      [{ 'if-match': '"other"' }, 412],
      [{ 'if-modified-since': later() }, 304],
      [{ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 200],
      [{ 'if-modified-since': 'whenever' }, 200],
      [{ 'if-modified-since': later(), 'if-none-match': '"other"' }, 200],
      [{ 'if-unmodified-since': later() }, 200],
      [{ 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }, 412],
    ];
    for (const [headers, status] of cases) {
      for (const method of ['GET', 'HEAD']) {
        const response = await get(bucket, `/${blob}`, { method, headers });
        expect([headers, method, response.status]).toEqual([headers, method, status]);
        expect(response.headers.has('etag')).toBe(status !== 412);
        await response.body?.cancel();
      }
    }
  });
});

describe('a hostile path', () => {
  it.each([
    '/',
    '/_bucketry/format',
    '/v2/../_bucketry/format',
    '/v2/%2e%2e/_bucketry/format',
    '/v2/..%2f_bucketry/format',
    '/v2/%2e%2e%2f_bucketry%2fformat',
    '/v2%2f..%2f_bucketry/format',
    '/v2//app',
    '/v2/%00',
    '/v2/a%0d%0ax',
    `/v2/${'a'.repeat(10_000)}`,
    '/v2/%252e%252e/_bucketry/format',
    '//v2/',
  ])('%s is no object', async (path) => {
    expect((await get(await fill(), path)).status).toBe(404);
  });

  it.each(['/v2/%ff', '/v2/%c0%ae%c0%ae/x', '/v2/%', '/v2/%zz'])('%s cannot be decoded', async (path) => {
    expect((await get(await fill(), path)).status).toBe(400);
  });

  it('of any kind leads to nothing outside v2/', async () => {
    const asked: string[] = [];
    const bucket = withFaults(createMemoryBucket(), ({ key }) => {
      if (key !== undefined) asked.push(key);
      return undefined;
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('v2', '..', '.', '%2e', '%2f', '/', '%00', '\\', '%5c', '_bucketry', '%', 'é', '?', '#', ' ')),
        async (pieces) => {
          const response = await get(bucket, `/${pieces.join('')}`);
          expect([400, 404]).toContain(response.status);
        },
      ),
    );
    expect(asked.filter((key) => !key.startsWith('v2/') || key.split('/').includes('..'))).toEqual([]);
  });
});

describe('a failure of the store behind', () => {
  const cases: readonly [BucketErrorCode, number][] = [
    ['access-denied', 403],
    ['throttled', 503],
    ['store-unavailable', 503],
    ['timed-out', 503],
    ['response-invalid', 500],
  ];
  it.each(cases)('%s answers %i, and tells nothing of what it said', async (code, status) => {
    const bucket = withFaults(createMemoryBucket(), () => ({ when: 'before', error: new BucketError(code, 'secret words') }));
    const response = await get(bucket, `/${blob}`);
    expect([response.status, (await response.text()).includes('secret')]).toEqual([status, false]);
  });

  it('is told to whoever serves', async () => {
    const error = new BucketError('credentials-invalid', 'the session token has expired');
    const bucket = withFaults(createMemoryBucket(), () => ({ when: 'before', error }));
    const failures: unknown[] = [];
    await answerStatic(bucket, new Request(`http://host/${blob}`), { missing: 404, onFailure: (failure) => failures.push(failure) });
    await answerStatic(createMemoryBucket(), new Request(`http://host/${blob}`), {
      missing: 404,
      onFailure: (failure) => failures.push(failure),
    });
    expect(failures).toEqual([error]);
  });

  it('within a body breaks it', async () => {
    const bucket = withFaults(await fill(), () => ({ when: 'within', after: 4, error: new BucketError('connection-failed', 'planted') }));
    const response = await get(bucket, `/${blob}`);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });
});

it('looks again when an object was replaced between its headers and its bytes', async () => {
  const memory = await fill();
  let replaced = false;
  const head: Bucket['head'] = async (key, options) => {
    const info = await memory.head(key, options);
    if (!replaced) await memory.put(blob, bytesSource(new TextEncoder().encode('abcdefghij')));
    replaced = true;
    return info;
  };
  const response = await get({ ...memory, head }, `/${blob}`, { headers: { range: 'bytes=2-4' } });
  expect([response.status, await response.text()]).toEqual([206, 'cde']);
});

it('lets the bytes behind a body go when the reader hangs up', async () => {
  let left = 0;
  const memory = await fill();
  const getContent: Bucket['get'] = async (...args) => {
    const content = await memory.get(...args);
    return content && { ...content, body: endless(() => left++) };
  };
  const response = await get({ ...memory, get: getContent }, `/${blob}`);
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  expect(left).toBe(1);
});

async function* endless(onEnd: () => void): AsyncGenerator<Uint8Array> {
  try {
    for (;;) yield new Uint8Array(10);
  } finally {
    onEnd();
  }
}

function get(bucket: Bucket, path: string, init: RequestInit = {}): Promise<Response> {
  return answerStatic(bucket, new Request(`http://host${path}`, init), { missing: 404 });
}

async function fill(bucket: Bucket = createMemoryBucket()): Promise<Bucket> {
  const put = (key: string, text: string, headers: Parameters<Bucket['put']>[2]): Promise<unknown> =>
    bucket.put(toObjectKey(key) satisfies ObjectKey, bytesSource(new TextEncoder().encode(text)), headers);
  await put('v2/', '', { contentType: 'application/json' });
  await put('_bucketry/format', '{"version":1}', { contentType: 'application/json' });
  await put(blob, '0123456789', { contentType: 'application/octet-stream' });
  await put('v2/team/app/manifests/1.0', '{}', { contentType: manifestType, cacheControl: 'no-cache', metadata: { digest: 'sha256:ab' } });
  return bucket;
}

function later(): string {
  return new Date(Date.now() + 60_000).toUTCString();
}
