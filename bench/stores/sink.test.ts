import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findProgram } from '../../test/peers/peer-cache.ts';
import type { BenchStore } from './bench-store.ts';
import { startSink, summarizePace } from './start-sink.ts';

const gibibyte = 2 ** 30;

describe('a pace', () => {
  const mark = (gib: number, seconds: number): { bytes: number; ms: number } => ({ bytes: gib * gibibyte, ms: seconds * 1000 });

  test('is that of the first and of the last GiB, whatever came between and after', () => {
    const marks = [mark(0, 0), mark(1, 2), mark(2, 10), mark(3, 14), mark(3, 99)];
    expect(summarizePace(marks)).toEqual({ firstMibPerS: 512, lastMibPerS: 256 });
  });

  test('is none of less than two GiB', () => {
    expect(summarizePace([mark(0, 0), mark(1, 2), mark(1, 3)])).toBeUndefined();
    expect(summarizePace([])).toBeUndefined();
  });
});

const skipReason = findProgram('gcc') === undefined ? 'the sink needs gcc' : undefined;

describe.skipIf(skipReason !== undefined)('the sink', { meta: skipReason === undefined ? {} : { skipReason } }, () => {
  let sink: BenchStore;

  beforeAll(async () => {
    sink = await startSink(new AbortController().signal);
  });

  afterAll(() => sink.close());

  async function ask(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; etag: string }> {
    const response = await fetch(`${sink.endpoint}/bench/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    return { status: response.status, text: await response.text(), etag: response.headers.get('etag') ?? '' };
  }

  test('keeps small objects, and holds to conditions', async () => {
    expect((await ask('GET', 'v2/a')).status).toBe(404);
    const { etag } = await ask('PUT', 'v2/a%3Ab', 'one', { 'content-type': 'text/x' });
    expect(await ask('GET', 'v2/a:b')).toMatchObject({ status: 200, text: 'one', etag });
    expect((await ask('PUT', 'v2/a:b', 'two', { 'if-none-match': '*' })).status).toBe(412);
    expect((await ask('PUT', 'v2/a:b', 'two', { 'if-match': '"0"' })).status).toBe(412);
    expect((await ask('PUT', 'v2/a:b', 'two', { 'if-match': etag })).status).toBe(200);
    expect((await ask('GET', '?list-type=2&prefix=v2/')).text).toContain('<Key>v2/a:b</Key>');
  });

  test('knows only the size of what came in parts', async () => {
    const { text } = await ask('POST', 'large?uploads');
    const id = /<UploadId>(\d+)</.exec(text)?.[1] ?? '';
    await ask('PUT', `large?partNumber=1&uploadId=${id}`, 'x'.repeat(3_000_000));
    const second = await ask('PUT', `large?partNumber=2&uploadId=${id}`, 'x'.repeat(1_000_000));
    expect((await ask('GET', `large?uploadId=${id}`)).text).toContain(`<PartNumber>2</PartNumber><ETag>${second.etag}</ETag>`);
    expect((await ask('POST', `large?uploadId=${id}`, '<CompleteMultipartUpload/>')).status).toBe(200);
    const head = await fetch(`${sink.endpoint}/bench/large`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('4000000');
    expect((await ask('POST', `large?uploadId=${id}`, '')).status).toBe(404);
  });

  test('forgets everything when it is emptied, and has counted until then', async () => {
    expect(await sink.countBytes()).toBeGreaterThan(4_000_000);
    await sink.empty();
    expect(await sink.countBytes()).toBe(0);
    expect((await ask('GET', 'v2/a:b')).status).toBe(404);
    expect((await ask('GET', '_bucketry/format')).text).toContain('"verifiesCrc32":true');
  });

  test('counts of a body in frames what it holds', async () => {
    const { text } = await ask('POST', 'framed?uploads');
    const id = /<UploadId>(\d+)</.exec(text)?.[1] ?? '';
    const framed = '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n';
    await ask('PUT', `framed?partNumber=1&uploadId=${id}`, framed, { 'x-amz-decoded-content-length': '5' });
    expect((await ask('GET', `framed?uploadId=${id}`)).text).toContain('<Size>5</Size>');
  });
});
