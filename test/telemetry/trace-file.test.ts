import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { openCommandLine } from '../cli/command-line.ts';
import { writeLargeLayout } from '../cli/image-layouts.ts';
import { folderTest as it } from '../images/folder-test.ts';
import { type S3ServerOptions, startS3Server } from '../s3-server/server.ts';
import { countAtOnce, findOverlaps, readTraceEvents } from './trace-events.ts';

const MIB = 2 ** 20;
const layerBytes = 20 * MIB;

/** A store, and a command line that knows its keys, in a folder with an image of one layer. */
async function openStore(folder: string, options: S3ServerOptions) {
  await writeLargeLayout(folder, 'image', layerBytes);
  const server = await startS3Server({ buckets: ['bucket'], ...options });
  onTestFinished(() => server.close());
  const { accessKeyId, secretAccessKey } = server.credentials;
  const environment = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL_S3: server.endpoint };
  return { server, commandLine: openCommandLine({ folder, environment }) };
}

describe('--trace', () => {
  it('shows a push: parts side by side, sizes, and what the store calls each request', async ({ folder }) => {
    const { server, commandLine } = await openStore(folder, { bytesPerSecond: 20 * MIB, latencyMs: 5 });
    const { code, stderr } = await commandLine.run('push', 'oci:image', 's3://bucket/app:1', '--trace', 'push.json');
    expect(code, stderr).toBe(0);
    const events = await readTraceEvents(join(folder, 'push.json'));
    const ofKind = (kind: string) => events.filter(({ cat }) => cat === kind);

    const parts = ofKind('part');
    expect(parts.map(({ name }) => name).toSorted()).toEqual(['part 1', 'part 2', 'part 3', 'part 4']);
    expect(parts.map(({ args }) => args)).toEqual(parts.map((_, index) => ({ part: index + 1, bytes: 5 * MIB, attempt: 1 })));
    expect(countAtOnce(parts)).toBeGreaterThan(1);
    expect(new Set(parts.map(({ tid }) => tid)).size).toBeGreaterThan(1);
    expect(findOverlaps(events)).toEqual([]);

    const requests = ofKind('request');
    expect(requests).toHaveLength(server.requests.length);
    const ids = requests.map(({ args }) => args?.['requestId']);
    for (const id of ids) expect(id).toMatch(/^[0-9A-F]{16}$/);
    expect(new Set(ids).size).toBe(ids.length);
    for (const part of parts) {
      const [request] = requests.filter(({ args }) => args?.['part'] === part.args?.['part']);
      expect(request).toMatchObject({ tid: part.tid, args: { method: 'PUT', status: 200, bytes: 5 * MIB } });
    }
    const [layer] = events.filter(({ name }) => name.startsWith('layer'));
    expect(layer?.args).toMatchObject({ bytes: layerBytes, mediaType: 'application/vnd.oci.image.layer.v1.tar' });
    expect(ofKind('hash').map(({ args }) => args?.['bytes'])).toContain(layerBytes);
    expect(ofKind('copy')[0]?.args).toMatchObject({ target: 's3://bucket/app:1', blobs: 2 });
    expect(ofKind('command').map(({ name }) => name)).toEqual(['push']);
  });

  it('shows a pull, with ranges side by side', async ({ folder }) => {
    const { commandLine } = await openStore(folder, { bytesPerSecond: 40 * MIB });
    await commandLine.run('push', 'oci:image', 's3://bucket/app:1');
    expect(await commandLine.run('pull', 's3://bucket/app:1', 'oci:back', '--trace', 'pull.json')).toMatchObject({ code: 0 });
    const events = await readTraceEvents(join(folder, 'pull.json'));
    expect(countAtOnce(events.filter(({ cat }) => cat === 'range'))).toBeGreaterThan(1);
    expect(findOverlaps(events)).toEqual([]);
  });

  it('shows retries, and why', async ({ folder }) => {
    const { server, commandLine } = await openStore(folder, {});
    server.inject({ at: 1, mode: 'slow-down-503', matches: ({ operation }) => operation === 'UploadPart' });
    expect(await commandLine.run('push', 'oci:image', 's3://bucket/app:1', '--trace', 'push.json')).toMatchObject({ code: 0 });
    const events = await readTraceEvents(join(folder, 'push.json'));
    expect(events.filter(({ cat }) => cat === 'retry').map(({ args }) => args)).toEqual([
      { attempt: 1, code: 'throttled', delayMs: expect.any(Number) },
    ]);
    expect(events.filter(({ args }) => args?.['status'] === 503)).toHaveLength(1);
  });

  it('is whole after SIGINT, also after a second one that ends the process at once', async ({ folder }) => {
    const { server, commandLine } = await openStore(folder, { bytesPerSecond: MIB });
    for (const signals of [1, 2]) {
      const file = `stopped-${signals}.json`;
      const push = await commandLine.start('push', 'oci:image', `s3://bucket/app-${signals}:1`, '--trace', file);
      await expect.poll(() => server.uploads('bucket').length, { timeout: 10_000 }).toBe(signals);
      push.signal('SIGINT');
      if (signals === 2) push.signal('SIGTERM');
      // 143: the second signal came when Node had ended the run and was taking itself apart, where no handler is asked any more.
      expect(signals === 2 ? [130, 143] : [130]).toContain((await push.ended).code);
      const events = await readTraceEvents(join(folder, file));
      const [command] = events.filter(({ cat }) => cat === 'command');
      expect(command?.args?.['error'] ?? command?.args?.['unfinished'], file).toSatisfy((word) => word === 'aborted' || word === true);
    }
  });

  it('holds no key, no signature and no query', async ({ folder }) => {
    const { server, commandLine } = await openStore(folder, {});
    await commandLine.run('push', 'oci:image', 's3://bucket/app:1', '--trace', 'push.json');
    const text = await readFile(join(folder, 'push.json'), 'utf8');
    const { accessKeyId, secretAccessKey } = server.credentials;
    for (const secret of [accessKeyId, secretAccessKey, 'X-Amz-', 'AWS4-HMAC-SHA256', 'Signature', 'uploadId='])
      expect(text).not.toContain(secret);
  });

  it('ends a run before it begins where the file cannot be written', async ({ folder }) => {
    const { server, commandLine } = await openStore(folder, {});
    const run = await commandLine.run('push', 'oci:image', 's3://bucket/app:1', '--trace', 'none/push.json');
    expect(run).toMatchObject({ code: 3, stderr: expect.stringContaining('Cannot write the trace to "none/push.json"') });
    expect(server.requests).toEqual([]);
  });
});
