import { afterEach, describe, expect, it } from 'vitest';
import { pushImages } from '../../test/interop/push-images.ts';
import { createMemoryBucket } from '../bucket/memory/memory-bucket.ts';
import { createNodeHttpClient } from '../http/node-http-client.node.ts';
import { formatKey } from '../layout/keys.ts';
import { parseRepositoryName, parseTag } from '../oci/repository-name.ts';
import { ensureBucketFormat } from '../registry/bucket-format.ts';
import { serveFetch } from '../server/node-server.node.ts';
import { answerStatic } from '../server/static-answerer.ts';
import { systemClock } from '../streams/clock.ts';
import { openSite } from './ask-site.ts';
import { examineSite } from './examine-site.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Given {
  /** What becomes of an answer of the bucket. */
  readonly change?: (response: Response, request: { readonly path: string; readonly query: string }) => Response;
  readonly clockAheadMs?: number;
  /** Removes the list of referrers of the index, and leaves those below it. */
  readonly lacksReferrersOfIndex?: boolean;
}

/** What is remarked of a bucket behind a host that changes its answers; the header that a bucket alone does not send is there. */
async function remark({
  change = (response) => response,
  clockAheadMs = 0,
  lacksReferrersOfIndex = false,
}: Given): Promise<readonly string[]> {
  const bucket = createMemoryBucket();
  await ensureBucketFormat(bucket, systemClock);
  const { repository, images } = await pushImages(bucket, 'static');
  const name = parseRepositoryName(repository);
  if (lacksReferrersOfIndex) await bucket.delete(formatKey({ kind: 'referrers', name, digest: images.attested.root.digest }));
  const server = await serveFetch(
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const response = await answerStatic(bucket, request, { missing: 404 });
      response.headers.set('docker-content-digest', response.headers.get('x-amz-meta-docker-content-digest') ?? '');
      return change(response, { path: decodeURIComponent(pathname), query: search });
    },
    { host: '127.0.0.1', port: 0 },
  );
  const http = createNodeHttpClient({ env: {} });
  cleanups.push(
    () => server.close(),
    () => http.close(),
  );
  const site = openSite({ origin: new URL(server.url), http });
  const clock = { ...systemClock, now: () => systemClock.now() + clockAheadMs };
  const { remarks, verdicts } = await examineSite(site, { name, reference: parseTag('attested') }, clock);
  expect(verdicts.filter(({ problem }) => problem)).toEqual([]);
  return remarks.map(({ id }) => id);
}

const withHeader = (response: Response, name: string, value: string): Response => {
  response.headers.set(name, value);
  return response;
};

describe('remarks', () => {
  it('are none where all is well', async () => {
    expect(await remark({})).toEqual([]);
  });

  it.each([
    ['public, max-age=60', ['tags-cached']],
    ['s-maxage=5', ['tags-cached']],
    ['max-age=0', []],
    ['no-cache, max-age=60', []],
  ])('tell of tags that come with "%s": %j', async (value, ids) => {
    const change: Given['change'] = (response, { path }) =>
      path.endsWith('/attested') ? withHeader(response, 'cache-control', value) : response;
    expect(await remark({ change })).toEqual(ids);
  });

  it('tell of a tag that a cache has kept, whatever its headers say', async () => {
    const change: Given['change'] = (response, { path }) => (path.endsWith('/attested') ? withHeader(response, 'age', '17') : response);
    expect(await remark({ change })).toEqual(['tags-cached']);
  });

  it('tell of errors that may be kept', async () => {
    const change: Given['change'] = (response) =>
      response.status === 404 ? withHeader(response, 'cache-control', 'max-age=300') : response;
    expect(await remark({ change })).toEqual(['missing-cached']);
  });

  it('tell of a host that minds the query', async () => {
    expect(await remark({ change: (response, { query }) => (query === '' ? response : new Response(null, { status: 400 })) })).toEqual([
      'query-refused',
    ]);
  });

  it('tell of ranges that are not those that were asked for', async () => {
    const change: Given['change'] = (response) =>
      response.status === 206 ? withHeader(response, 'content-range', 'bytes 0-0/1') : response;
    expect(await remark({ change })).toEqual(['ranges-ignored']);
  });

  it.each([90_000, -90_000])('tell of a clock that is %i ms ahead', async (clockAheadMs) => {
    expect(await remark({ clockAheadMs })).toEqual(['clock-off']);
  });

  it('tell of a bucket that everyone may list, and of what no client needs', async () => {
    const list = (): Response => new Response('<?xml version="1.0"?><ListBucketResult/>');
    expect(await remark({ change: (response, { path }) => (path === '/' ? list() : response) })).toEqual(['listing-public']);
    const change: Given['change'] = (response, { path }) => (path === '/_bucketry/format' ? new Response('{}') : response);
    expect(await remark({ change })).toEqual(['format-public']);
  });

  it('tell of a gap in the lists of referrers', async () => {
    expect(await remark({ lacksReferrersOfIndex: true })).toEqual(['referrers-partly']);
  });
});
