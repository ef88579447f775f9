import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { rejection } from '../../../test/coded-errors.ts';
import { createFetchHttpClient } from '../../http/fetch-http-client.ts';
import { createNodeHttpClient } from '../../http/node-http-client.node.ts';
import { bytesSource } from '../../streams/byte-source.ts';
import { systemClock } from '../../streams/clock.ts';
import { readAll } from '../../streams/read-all.ts';
import type { Bucket } from '../bucket.ts';
import { toObjectKey } from '../object-key.ts';
import { type CredentialsProvider, staticCredentials } from './credentials-provider.ts';
import { openS3Bucket } from './s3-bucket.ts';

/** What a store says that no proper store would: to any request, in turn. */
interface CannedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A store with these answers, the last of them again and again, and the number of requests it had. */
async function serveCanned(answers: readonly CannedAnswer[]): Promise<{ endpoint: string; turns(): number }> {
  let turn = 0;
  const server = createServer((request, response) => {
    request.resume();
    const { status = 200, headers = {}, body } = answers[Math.min(turn++, answers.length - 1)] ?? {};
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, turns: () => turn };
}

function open(endpoint: string, credentials?: CredentialsProvider): Bucket {
  const http = createNodeHttpClient({ env: {} });
  const bucket = openS3Bucket({ bucket: 'canned', region: 'x', endpoint, credentials, http, clock: systemClock });
  cleanups.push(() => bucket.close());
  return bucket;
}

async function openCanned(...answers: readonly CannedAnswer[]): Promise<Bucket> {
  const { endpoint } = await serveCanned(answers);
  return open(endpoint);
}

const key = toObjectKey('k');
const proper = { etag: '"e"', 'last-modified': 'Sun, 06 Nov 1994 08:49:37 GMT', 'content-length': '4' };

describe('an answer to get that is not what was asked', () => {
  const range = { start: 2, end: 6 };
  test.each<[string, CannedAnswer]>([
    ['no ETag', { headers: { ...proper, etag: '' }, body: 'abcd' }],
    ['no date', { headers: { ...proper, 'last-modified': 'once' }, body: 'abcd' }],
    ['no length', { headers: { etag: '"e"', 'last-modified': proper['last-modified'] }, body: 'abcd' }],
    ['another start', { status: 206, headers: { ...proper, 'content-range': 'bytes 3-6/9' }, body: 'abcd' }],
    ['more than asked', { status: 206, headers: { ...proper, 'content-length': '5', 'content-range': 'bytes 2-6/9' }, body: 'abcde' }],
    [
      'less than asked, and there is more',
      { status: 206, headers: { ...proper, 'content-length': '2', 'content-range': 'bytes 2-3/9' }, body: 'ab' },
    ],
    [
      'a range unlike the length',
      { status: 206, headers: { ...proper, 'content-length': '3', 'content-range': 'bytes 2-5/9' }, body: 'abc' },
    ],
    ['a part that names no range', { status: 206, headers: proper, body: 'abcd' }],
    ['no content', { status: 204, headers: { ...proper, 'content-length': '0' } }],
  ])('%s', async (_what, answer) => {
    const bucket = await openCanned(answer);
    expect(await rejection(bucket.get(key, { range }))).toMatchObject({ code: 'response-invalid' });
  });

  test('the whole, which is accepted, and told', async () => {
    const bucket = await openCanned({ headers: { ...proper, 'content-length': '9' }, body: 'abcdefghi' });
    const content = await bucket.get(key, { range });
    expect(content).toMatchObject({ start: 0, contentLength: 9, size: 9 });
    expect(content && (await readAll(content.body, 100, 'it')).byteLength).toBe(9);
  });

  test('a range that is asked to the end, and one that is clipped', async () => {
    const headers = { ...proper, 'content-range': 'bytes 2-5/6' };
    const bucket = await openCanned({ status: 206, headers, body: 'abcd' });
    expect(await bucket.get(key, { range: { start: 2 } })).toMatchObject({ start: 2, contentLength: 4, size: 6 });
    expect(await bucket.get(key, { range: { start: 2, end: 100 } })).toMatchObject({ start: 2, contentLength: 4, size: 6 });
  });

  test('an empty range, which is never asked for', async () => {
    const bucket = await openCanned({});
    expect(await rejection(bucket.get(key, { range: { start: 5, end: 5 } }))).toMatchObject({ code: 'range-invalid' });
  });
});

test.each([
  ['shorter', 2, /: 2 of 4 bytes received/],
  ['longer', 6, /: more of 4 bytes received/],
])('a body that is %s than announced fails, where the runtime lets it pass', async (_what, given, message) => {
  const fetch = async (): Promise<Response> => new Response(new Uint8Array(given), { headers: proper });
  const http = createFetchHttpClient({ fetch });
  const bucket = openS3Bucket({ bucket: 'canned', region: 'x', endpoint: 'http://s3.test', http, clock: systemClock });
  const content = await bucket.get(key);
  if (!content) throw new Error('no content');
  expect(await rejection(readAll(content.body, 100, 'it'))).toMatchObject({
    code: 'response-invalid',
    message: expect.stringMatching(message),
  });
});

describe('a correction that does not help is tried once', () => {
  const credentials = staticCredentials({ accessKeyId: 'a', secretAccessKey: 's' });
  const skewed = { status: 403, headers: { date: 'Sun, 06 Nov 1994 08:49:37 GMT' } };

  test.each<[string, CannedAnswer, string, number]>([
    ['the clock', { ...skewed, body: '<Error><Code>RequestTimeTooSkewed</Code></Error>' }, 'clock-skewed', 2],
    ['the clock, of a HEAD or a proxy', skewed, 'access-denied', 2],
    ['the region', { status: 400, body: '<Error><Code>AuthorizationHeaderMalformed</Code><Region>y</Region></Error>' }, 'wrong-region', 2],
    ['a denial at the right time', { status: 403 }, 'access-denied', 1],
    ['a denial from the right region', { status: 403, headers: { 'x-amz-bucket-region': 'x' } }, 'access-denied', 1],
  ])('%s', async (_what, answer, code, turns) => {
    const store = await serveCanned([answer]);
    expect(await rejection(open(store.endpoint, credentials).get(key))).toMatchObject({ code });
    expect(store.turns()).toBe(turns);
  });
});

describe('documents that are none', () => {
  async function listAll(bucket: Bucket): Promise<string[]> {
    const names: string[] = [];
    for await (const entry of bucket.list()) names.push(entry.kind === 'object' ? entry.key : entry.prefix);
    return names;
  }
  const entry = '<Contents><Key>a</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified></Contents>';
  const page = (inner: string): CannedAnswer => ({ body: `<ListBucketResult>${inner}</ListBucketResult>` });

  test.each<[string, CannedAnswer]>([
    ['nothing', { body: '' }],
    ['a page of HTML', { body: '<html><body>Welcome!<br></body></html>' }],
    ['another document', { body: '<ListPartsResult></ListPartsResult>' }],
    ['one that is cut off', { body: '<ListBucketResult><Contents><Key>a</Key>' }],
    ['an entry without a key', page('<Contents><Size>1</Size></Contents>')],
    ['a size that is no number', page(entry.replace('<Size>1<', '<Size>-1<'))],
    ['a date that is none', page(entry.replace('2026-01-01T00:00:00Z', 'yesterday'))],
    ['a name that is not encoded as it says', page(`<EncodingType>url</EncodingType>${entry.replace('>a<', '>%E0%A4%A<')}`)],
    ['a page that goes on nowhere', page('<IsTruncated>true</IsTruncated>')],
    ['a page that leads to itself', page(`<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>${entry}`)],
    ['an entity that grows', { body: `<!DOCTYPE x [<!ENTITY a "aaaa">]><ListBucketResult>&a;</ListBucketResult>` }],
  ])('%s', async (_what, answer) => {
    expect(await rejection(listAll(await openCanned(answer)))).toMatchObject({ code: 'response-invalid' });
  });

  test('pages that lead in a circle', async () => {
    const answers = ['s', 't', 'u', 's', 't', 'u', 's', 't', 'u', 's', 't', 'u'].map((token) =>
      page(`<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>${entry}`),
    );
    const bucket = await openCanned(...answers, page(''));
    expect(await rejection(listAll(bucket))).toMatchObject({ code: 'response-invalid', message: expect.stringContaining('circle') });
  });

  test('a key that lies elsewhere', async () => {
    const bucket = await openCanned(page(entry));
    await expect(Array.fromAsync(bucket.list({ prefix: 'b' }))).rejects.toMatchObject({ code: 'response-invalid' });
  });

  test.each(['constructor', '__proto__', 'toString'])('an error that is called %s', async (name) => {
    const body = `<Error><Code>${name}</Code><Message>No</Message></Error>`;
    expect(await rejection((await openCanned({ status: 400, body })).get(key))).toMatchObject({ code: 'operation-unsupported' });
  });

  test('a document without end', async () => {
    const bucket = await openCanned({ body: ' '.repeat(17 * 1024 * 1024) });
    expect(await rejection(listAll(bucket))).toMatchObject({ code: 'response-invalid', message: expect.stringContaining('more than') });
  });

  test('names as they stand are not decoded, encoded ones are', async () => {
    expect(await listAll(await openCanned(page(entry.replace('>a<', '>a%20b+c<'))))).toEqual(['a%20b+c']);
    const encoded = page(`<EncodingType>url</EncodingType>${entry.replace('>a<', '>a%20b+c%2B<')}`);
    expect(await listAll(await openCanned(encoded))).toEqual(['a b c+']);
  });

  test('a page that a proxy made of an error is explained by its status', async () => {
    const html = { headers: { 'content-type': 'text/html' }, body: '<html><h1>Bad Gateway</h1>' };
    expect(await rejection((await openCanned({ ...html, status: 502 })).get(key))).toMatchObject({ code: 'store-unavailable' });
    expect(await rejection((await openCanned({ ...html, status: 413 })).put(key, bytesSource(new Uint8Array(1))))).toMatchObject({
      code: 'object-too-large',
    });
  });

  test('a redirect is not followed, and explained', async () => {
    const bucket = await openCanned({ status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1', location: 'http://127.0.0.1:1/' } });
    expect(await rejection(bucket.get(key))).toMatchObject({
      code: 'wrong-region',
      message: 'Cannot read "k" in s3://canned: the bucket is in region "eu-west-1", asked was "x" (301)',
    });
  });

  test('an unknown refusal keeps the words of the store', async () => {
    const body = '<Error><Code>InvalidStorageClass</Code><Message>No such class</Message></Error>';
    expect(await rejection((await openCanned({ status: 400, body })).get(key))).toMatchObject({
      code: 'operation-unsupported',
      message: 'Cannot read "k" in s3://canned: the store refused the request: "No such class" (400 InvalidStorageClass)',
    });
  });

  test('a 404 for a reason of its own is no missing key', async () => {
    const body = '<Error><Code>SomethingElse</Code><Message>Not here</Message></Error>';
    expect(await rejection((await openCanned({ status: 404, body })).get(key))).toMatchObject({ code: 'operation-unsupported' });
    expect(await (await openCanned({ status: 404 })).get(key)).toBeUndefined();
  });

  test('a key that failed to be deleted is named', async () => {
    const body = '<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>';
    expect(await rejection((await openCanned({ body })).deleteMany(['a', 'b'].map(toObjectKey)))).toMatchObject({
      code: 'access-denied',
      message: expect.stringContaining('Cannot delete "b" in s3://canned'),
    });
  });

  test('an upload without an ID, and a Complete that says nothing', async () => {
    const bucket = await openCanned({ body: '<InitiateMultipartUploadResult/>' }, { body: '' });
    const options = { size: 1, partSize: 1 };
    expect(await rejection(Promise.resolve(bucket.multipart?.create(key, options)))).toMatchObject({ code: 'response-invalid' });
    const upload = { key, uploadId: 'u' };
    expect(await rejection(Promise.resolve(bucket.multipart?.complete(upload, [])))).toMatchObject({ code: 'response-invalid' });
  });
});
