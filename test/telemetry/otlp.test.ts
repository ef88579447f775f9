import { describe, expect, onTestFinished } from 'vitest';
import { openCommandLine } from '../cli/command-line.ts';
import { writeIndexLayout, writeLargeLayout } from '../cli/image-layouts.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { startS3Server } from '../s3-server/server.ts';
import { attributeOf, startOtlpReceiver } from './otlp-receiver.ts';

const MIB = 2 ** 20;
const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerId = 'b7ad6b7169203331';

async function startReceiver() {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

describe('export over OTLP', () => {
  it('sends a push as one trace below the caller, with sizes and the names of requests', async ({ folder }) => {
    const receiver = await startReceiver();
    await writeLargeLayout(folder, 'image', 12 * MIB);
    const server = await startS3Server({ buckets: ['bucket'] });
    onTestFinished(() => server.close());
    const environment = {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20b',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'builds',
      TRACEPARENT: `00-${traceId}-${callerId}-01`,
      TRACESTATE: 'vendor=1',
    };
    const { code, stderr } = await openCommandLine({ folder, environment }).run('push', 'oci:image', 's3://bucket/app:1');
    expect(code, stderr).toBe(0);

    const { spans, requests, resources } = receiver;
    expect(requests[0]).toMatchObject({ path: '/v1/traces', headers: { 'x-api-key': 'a b', 'content-encoding': 'gzip' } });
    expect(resources[0]).toMatchObject({ 'service.name': 'builds', 'service.version': expect.any(String) });
    expect(new Set(spans.map((span) => `${span.traceId} ${span.traceState}`))).toEqual(new Set([`${traceId} vendor=1`]));
    const known = new Map(spans.map((span) => [span.spanId, span]));
    const roots = spans.filter(({ parentSpanId = '' }) => !known.has(parentSpanId));
    expect(roots).toMatchObject([{ name: 'push', parentSpanId: callerId }]);
    for (const { startTimeUnixNano, endTimeUnixNano } of spans)
      expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));

    const parts = spans.filter(({ name }) => name === 'part');
    const bytes = parts.map((part) => Number(attributeOf(part, 'bucketry.bytes')));
    expect(bytes.toSorted((a, b) => a - b)).toEqual([2 * MIB, 5 * MIB, 5 * MIB]);
    for (const { parentSpanId = '' } of parts) expect(known.get(parentSpanId)?.name).toBe('layer');
    const puts = spans.filter(({ kind }) => kind === 3);
    expect(puts).toHaveLength(server.requests.length);
    for (const put of puts) expect(attributeOf(put, 'bucketry.request_id')).toMatch(/^[0-9A-F]{16}$/);
    expect(JSON.stringify(spans)).not.toMatch(/X-Amz-|AWS4-HMAC|AKIATEST|uploadId=/);
  });

  it('says what failed', async ({ folder }) => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
    expect((await openCommandLine({ folder, environment }).run('tags', 'file:none//app')).code).toBe(4);
    const [root] = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(root).toMatchObject({ name: 'tags', status: { code: 2 } });
    expect(root && attributeOf(root, 'error.type')).toMatch(/missing$/);
  });

  it('sends what there is of a run that was stopped', async ({ folder }) => {
    const receiver = await startReceiver();
    await writeLargeLayout(folder, 'image', 12 * MIB);
    const server = await startS3Server({ buckets: ['bucket'], bytesPerSecond: MIB });
    onTestFinished(() => server.close());
    const environment = {
      AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_S3: server.endpoint,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    };
    const push = await openCommandLine({ folder, environment }).start('push', 'oci:image', 's3://bucket/app:1');
    await expect.poll(() => server.uploads('bucket').length, { timeout: 10_000 }).toBe(1);
    push.signal('SIGINT');
    const { code, stderr } = await push.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.not.stringContaining('not exported') });
    const [root] = receiver.spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(root && [root.name, root.status, attributeOf(root, 'error.type')]).toEqual(['push', undefined, 'aborted']);
  });

  it('tries again when the collector is busy', async ({ folder }) => {
    const receiver = await startReceiver();
    receiver.answers.push(503);
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint };
    expect((await openCommandLine({ folder, environment }).run('init', 'file:b')).code).toBe(0);
    expect(receiver.requests).toHaveLength(2);
    expect(receiver.spans.map(({ name }) => name)).toContain('init');
    expect(receiver.spans.map(({ name }) => name)).not.toContain('retry');
  });

  it('never fails a command: what was lost is a note', async ({ folder }) => {
    await writeIndexLayout(folder, 'image');
    const receiver = await startReceiver();
    receiver.answers.push(400);
    for (const [environment, words] of [
      [{ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }, 'it answered 400'],
      [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '300' }, 'not exported'],
      [{ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'grpc'],
    ] as const) {
      const { code, stderr } = await openCommandLine({ folder, environment }).run('push', 'oci:image', 'file:b//app:1');
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(words) });
    }
  });

  it('is silent where the user said none', async ({ folder }) => {
    const receiver = await startReceiver();
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_TRACES_EXPORTER: 'none' };
    expect(await openCommandLine({ folder, environment }).run('init', 'file:b')).toMatchObject({ code: 0, stderr: '' });
    expect(receiver.requests).toEqual([]);
  });
});
